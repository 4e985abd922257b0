using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>The features that an encoder gives for many images, computed in batches.</summary>
public static class Features
{
    /// <summary>
    /// On a CPU larger batches are slower, because their feature maps do not fit its caches, and because the C library returns such blocks to
    /// the system where the user has chosen so. On a GPU smaller batches leave the GPU waiting for the host.
    /// </summary>
    private const int BatchSizeOnCpu = 128, BatchSizeOnGpu = 512;

    private static readonly ImagePreprocessing s_ofTraining = new();

    /// <summary>Images in a batch on a device.</summary>
    internal static int BatchSize(DeviceType device) => device == DeviceType.CPU ? BatchSizeOnCpu : BatchSizeOnGpu;

    /// <summary>Features of all images, (n, d) float32, without gradient.</summary>
    /// <param name="encoder">The encoder. It is run in evaluation mode; then each of its modules is returned to the mode it was in.</param>
    /// <param name="pixels">(n, 3, h, w) pixel bytes, with n at least 1, on the encoder's device.</param>
    /// <param name="progress">Receives the share that is done, from 0 to 1, after each batch.</param>
    /// <param name="cancellation">Checked between batches.</param>
    /// <exception cref="ArgumentException">The pixels are not as said above.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Tensor Compute(Encoder encoder, Tensor pixels, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Compute(encoder, pixels, s_ofTraining, progress, cancellation);

    /// <summary>As the other one, of images that are given to the encoder in another way than that of training here.</summary>
    internal static Tensor Compute(Encoder encoder, Tensor pixels, ImagePreprocessing preprocessing, IProgress<double>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        CheckPixels(pixels);
        return Compute(encoder, pixels.shape[0], pixels.device_type, (first, count) => pixels.narrow(0, first, count), preprocessing, progress, cancellation);
    }

    /// <summary>As the others, of images that need not be on the device all at once.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="images">Number of images, at least 1.</param>
    /// <param name="device">Kind of the encoder's device.</param>
    /// <param name="read">Gives the pixel bytes of images on the device, by the index of the first and their number. It is called once for each batch, in order, in a dispose scope of the batch.</param>
    /// <param name="preprocessing">How the images are given to the encoder.</param>
    /// <param name="progress">Receives the share that is done, from 0 to 1, after each batch.</param>
    /// <param name="cancellation">Checked between batches.</param>
    internal static Tensor Compute(
        Encoder encoder, long images, DeviceType device, Func<long, long, Tensor> read, ImagePreprocessing preprocessing, IProgress<double>? progress, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var evaluated = new EvaluationMode(encoder);
        int batchSize = BatchSize(device);
        var batches = new List<Tensor>();
        for (long start = 0; start < images; start += batchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var batchScope = NewDisposeScope();
            long count = Math.Min(batchSize, images - start);
            batches.Add(encoder.call(preprocessing.Apply(read(start, count))).MoveToOuterDisposeScope());
            progress?.Report((double)(start + count) / images);
        }
        return cat(batches).MoveToOuterDisposeScope();
    }

    private static void CheckPixels(Tensor pixels)
    {
        Arguments.CheckLive(pixels);
        if (pixels.dim() != 4 || pixels.shape[0] == 0 || pixels.shape[1] != 3)
        {
            throw new ArgumentException($"The shape is {Arguments.ShapeOf(pixels)}; (n, 3, h, w) is wanted, with at least one image.", nameof(pixels));
        }
        if (pixels.dtype != ScalarType.Byte)
        {
            throw new ArgumentException($"The dtype is {pixels.dtype}; bytes (uint8) from 0 to 255 are wanted.", nameof(pixels));
        }
    }
}
