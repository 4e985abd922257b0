using static TorchSharp.torch;

namespace ErLoss.Training.Data;

/// <summary>An image set as tensors on the training device: pixels as bytes, a quarter of what floats would take.</summary>
internal sealed class ImageTensors : IDisposable
{
    private readonly Tensor? _labelled; // indices of the images with labels; null if these come before all others

    /// <summary>Copies the set to the device.</summary>
    public ImageTensors(ImageSet images, Device device)
    {
        using var scope = NewDisposeScope();
        Pixels = tensor(images.Pixels, device: device).view(-1, ImageSet.Channels, images.Size, images.Size).DetachFromDisposeScope();
        Labels = tensor(images.Labels, dtype: ScalarType.Int64, device: device).DetachFromDisposeScope();
        ClassCount = images.ClassNames.Count;
        LabelledCount = images.LabelledCount;
        if (images.Labels.AsSpan(0, LabelledCount).Contains(ImageSet.NoLabel))
        {
            _labelled = (Labels >= 0).nonzero().flatten().DetachFromDisposeScope();
        }
    }

    /// <summary>(n, 3, size, size), uint8.</summary>
    public Tensor Pixels { get; }

    /// <summary>(n), int64, with <see cref="ImageSet.NoLabel"/> for an image without one; may be empty if no image has a label.</summary>
    public Tensor Labels { get; }

    /// <summary>Whether the class of one image at least is known.</summary>
    public bool HasLabels => LabelledCount > 0;

    /// <summary>Number of images whose class is known.</summary>
    public int LabelledCount { get; }

    /// <summary>Number of classes; 0 without labels.</summary>
    public int ClassCount { get; }

    /// <summary>The images whose class is known, with their labels, in their order; in the caller's dispose scope. They are not copied if they come before all others.</summary>
    /// <returns>Pixels (l, 3, size, size), uint8, and labels (l), int64.</returns>
    public (Tensor Pixels, Tensor Labels) Labelled() =>
        _labelled is null
            ? (Pixels.narrow(0, 0, LabelledCount), Labels.narrow(0, 0, LabelledCount))
            : (Pixels.index_select(0, _labelled), Labels.index_select(0, _labelled));

    /// <summary>Indices of the images whose class is known, (l), int64, in order; in the caller's dispose scope.</summary>
    public Tensor LabelledIndices() => _labelled?.alias() ?? arange(LabelledCount, device: Labels.device);

    /// <summary>Number of images.</summary>
    public long Count => Pixels.shape[0];

    /// <inheritdoc/>
    public void Dispose()
    {
        _labelled?.Dispose();
        Pixels.Dispose();
        Labels.Dispose();
    }
}
