using static TorchSharp.torch;

namespace ErLoss.Training.Data;

/// <summary>An image set as tensors on the training device: pixels as bytes, a quarter of what floats would take.</summary>
internal sealed class ImageTensors : IDisposable
{
    /// <summary>Copies the set to the device.</summary>
    public ImageTensors(ImageSet images, Device device)
    {
        using var scope = NewDisposeScope();
        Pixels = tensor(images.Pixels, device: device).view(-1, ImageSet.Channels, images.Size, images.Size).DetachFromDisposeScope();
        Labels = tensor(images.Labels, dtype: ScalarType.Int64, device: device).DetachFromDisposeScope();
        ClassCount = images.ClassNames.Count;
    }

    /// <summary>(n, 3, size, size), uint8.</summary>
    public Tensor Pixels { get; }

    /// <summary>(n), int64; empty without labels.</summary>
    public Tensor Labels { get; }

    /// <summary>Whether the classes of the images are known.</summary>
    public bool HasLabels => ClassCount > 0;

    /// <summary>Number of classes; 0 without labels.</summary>
    public int ClassCount { get; }

    /// <summary>Number of images.</summary>
    public long Count => Pixels.shape[0];

    /// <inheritdoc/>
    public void Dispose()
    {
        Pixels.Dispose();
        Labels.Dispose();
    }
}
