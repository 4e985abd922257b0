using ErLoss.SelfSupervised.Encoders;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>An encoder with all that is needed to use it: what <see cref="EncoderFile.Load(string)"/> gives.</summary>
public sealed class TrainedEncoder : IDisposable
{
    internal TrainedEncoder(Encoder encoder, ImagePreprocessing preprocessing)
    {
        encoder.eval();
        (Encoder, Preprocessing) = (encoder, preprocessing);
    }

    /// <summary>The network, in evaluation mode. It may be moved to another device.</summary>
    public Encoder Encoder { get; }

    /// <summary>What the network expects of images.</summary>
    public ImagePreprocessing Preprocessing { get; }

    /// <summary>Length of a feature vector.</summary>
    public int FeatureDimension => Encoder.FeatureDimension;

    /// <summary>
    /// Features of one image of any size. The largest centred square of it is scaled to the size of the images that the encoder was trained on, as training reads the images of a folder.
    /// </summary>
    /// <param name="image">(height, width, 3), row-major: the bytes of red, green and blue of each pixel.</param>
    /// <param name="height">At least 1.</param>
    /// <param name="width">At least 1.</param>
    /// <returns><see cref="FeatureDimension"/> numbers.</returns>
    /// <exception cref="ArgumentException">The number of bytes is not height · width · 3.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Height or width is below 1.</exception>
    public float[] Features(ReadOnlySpan<byte> image, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (image.Length != (long)height * width * ImageScaling.Channels)
        {
            throw new ArgumentException($"The image has {image.Length} bytes; height · width · 3 = {(long)height * width * ImageScaling.Channels} are wanted.", nameof(image));
        }
        int size = Preprocessing.ImageSize;
        byte[] pixels = new byte[ImageScaling.Channels * size * size];
        ImageScaling.CropAndScale(image, width, height, pixels, size);
        using var scope = NewDisposeScope();
        return Features(tensor(pixels, device: CPU).view(1, ImageScaling.Channels, size, size)).cpu().data<float>().ToArray();
    }

    /// <summary>
    /// Features of many images, computed in batches. The images are used as they are: they should have the size of <see cref="Preprocessing"/>, and show what the encoder was trained on at that scale.
    /// </summary>
    /// <param name="pixels">(n, 3, h, w) pixel bytes, uint8, with n at least 1, on any device.</param>
    /// <returns>(n, <see cref="FeatureDimension"/>), float32, on the device of the encoder, without gradient.</returns>
    /// <exception cref="ArgumentException">The pixels are not as said above.</exception>
    public Tensor Features(Tensor pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        using var scope = NewDisposeScope();
        Device device = Encoder.parameters().FirstOrDefault()?.device ?? pixels.device;
        return Encoders.Features.Compute(Encoder, pixels.IsInvalid ? pixels : pixels.to(device), Preprocessing, progress: null, CancellationToken.None).MoveToOuterDisposeScope();
    }

    /// <summary>Disposes of the network.</summary>
    public void Dispose() => Encoder.Dispose();
}
