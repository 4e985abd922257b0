using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Training.Views;

/// <summary>Two random views of each image of a batch, of the size of the images; see <see cref="Augmentation"/>.</summary>
internal sealed class TwoViews : IDisposable
{
    private readonly Augmentation _augmentation;

    /// <summary>Views for images on a device.</summary>
    /// <param name="device">The images' device.</param>
    /// <param name="size">Height and width of a view, which are those of the images.</param>
    /// <param name="settings">How views are drawn.</param>
    public TwoViews(Device device, int size, ViewSettings settings) => _augmentation = new Augmentation(device, size, settings.LargeCropMinArea, 1, settings, size);

    /// <summary>Two independent views of each image.</summary>
    /// <param name="images">(k, 3, size, size) pixel bytes.</param>
    /// <param name="generator">Where the draws come from.</param>
    /// <returns>Two tensors (k, 3, size, size), float32, centred as <see cref="Pixels.Center"/> does.</returns>
    public (Tensor First, Tensor Second) Draw(Tensor images, Generator generator) => Draw(images, generator, Share.Of(images.shape[0], null));

    /// <summary>The same of a part of a batch. The draws are made for the whole batch, so that those of an image do not depend on who has it.</summary>
    /// <param name="images">This part's images.</param>
    /// <param name="generator">Where the draws come from.</param>
    /// <param name="share">Which part of the batch the images are.</param>
    /// <returns>The views of <paramref name="images"/>.</returns>
    public (Tensor First, Tensor Second) Draw(Tensor images, Generator generator, Share share)
    {
        using var scope = NewDisposeScope();
        IReadOnlyList<ViewDraws> draws = _augmentation.Draw(2, 1, share, images.device, generator);
        Tensor unit = Pixels.ToUnit(images);
        return (_augmentation.View(unit, draws[0]).MoveToOuterDisposeScope(), _augmentation.View(unit, draws[1]).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose() => _augmentation.Dispose();
}
