using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using static TorchSharp.torch;

namespace ErLoss.Training.Embeddings;

/// <summary>Features of all images of a listing, batch by batch. The next batch is read while the features of one are computed.</summary>
internal static class ImageFeatures
{
    /// <summary>Computes the features.</summary>
    /// <param name="encoder">On the device; run in evaluation mode.</param>
    /// <param name="preprocessing">That of the encoder.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="images">Read as they are needed.</param>
    /// <param name="first">Index of the first image that is wanted. The features of an image may depend on the others of its batch in the last digits, so that this should be 0 or the end of a batch.</param>
    /// <param name="onBatch">Given the features of each batch, on the device, in the order of the images.</param>
    /// <param name="progress">Receives the share of all images that is done, from 0 to 1.</param>
    /// <param name="cancellation">Checked at each image that is read, and at each batch.</param>
    /// <exception cref="DataException">An image cannot be read, and is not to be left out.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Compute(
        Encoder encoder, ImagePreprocessing preprocessing, Device device, ImageListing images, int first, Action<FeatureBatch> onBatch, IProgress<double>? progress, CancellationToken cancellation)
    {
        int batchSize = Features.BatchSize(device.type), all = images.Images.Count;
        byte[][] buffers = [new byte[batchSize * images.ImageBytes], new byte[batchSize * images.ImageBytes]]; // one is read into while the other is computed with
        Task<IReadOnlyList<UnreadableImage>> reading = Read(first, 0);
        try
        {
            for (int batch = 0; first < all; batch++)
            {
                IReadOnlyList<UnreadableImage> leftOut = reading.GetAwaiter().GetResult();
                int count = Math.Min(batchSize, all - first), readable = count - leftOut.Count;
                reading = Read(first + count, batch + 1);
                cancellation.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                Tensor pixels = tensor(buffers[batch % 2], device: device).view(-1, ImageSet.Channels, images.ImageSize, images.ImageSize).narrow(0, 0, readable);
                Tensor features = readable > 0 ? Features.Compute(encoder, pixels, preprocessing, progress: null, cancellation) : zeros(0, encoder.FeatureDimension, device: device);
                onBatch(new FeatureBatch(features, first, leftOut));
                first += count;
                progress?.Report((double)first / all);
            }
        }
        finally
        {
            reading.ContinueWith(_ => { }, TaskScheduler.Default).Wait(CancellationToken.None); // it writes to the buffers; what became of it does not matter any more
        }

        Task<IReadOnlyList<UnreadableImage>> Read(int from, int batch) => from < all
            ? Task.Run(() => images.Read(from, Math.Min(batchSize, all - from), buffers[batch % 2], cancellation), CancellationToken.None)
            : Task.FromResult<IReadOnlyList<UnreadableImage>>([]);
    }
}
