using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Training.Views;

/// <summary>
/// Random small crops of each image of a batch: views that show a smaller part of it in fewer pixels ("multi-crop", from SwAV: Caron et al., NeurIPS 2020). Their colours
/// are changed as those of other views; see <see cref="Augmentation"/>.
/// </summary>
internal sealed class SmallCrops : IDisposable
{
    private readonly Augmentation _augmentation;
    private readonly int _count;

    /// <summary>Crops of images on a device.</summary>
    /// <param name="device">The images' device.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <param name="settings">How many there are, their size, and how much of an image they show; at least one crop.</param>
    /// <param name="views">How views are drawn otherwise.</param>
    public SmallCrops(Device device, int imageSize, CropSettings settings, ViewSettings views)
    {
        _count = settings.SmallCrops;
        _augmentation = new Augmentation(device, settings.SizeOfSmallCrops(imageSize), settings.SmallCropMinArea, settings.SmallCropMaxArea, views, imageSize);
    }

    /// <summary>Independent small crops of each image.</summary>
    /// <param name="images">(k, 3, imageSize, imageSize) pixel bytes.</param>
    /// <param name="generator">Where the draws come from.</param>
    /// <returns>(n·k, 3, size, size), float32: the first crop of each image, then the second of each, and so on.</returns>
    public Tensor Draw(Tensor images, Generator generator) => Draw(images, generator, Share.Of(images.shape[0], null));

    /// <summary>The same of a part of a batch; see <see cref="TwoViews.Draw(Tensor, Generator, Share)"/>.</summary>
    /// <param name="images">This part's images.</param>
    /// <param name="generator">Where the draws come from.</param>
    /// <param name="share">Which part of the batch the images are.</param>
    /// <returns>The crops of <paramref name="images"/>.</returns>
    public Tensor Draw(Tensor images, Generator generator, Share share)
    {
        using var scope = NewDisposeScope();
        ViewDraws draws = _augmentation.Draw(1, _count, share, images.device, generator)[0];
        return _augmentation.View(Pixels.ToUnit(images).repeat(_count, 1, 1, 1), draws).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => _augmentation.Dispose();
}
