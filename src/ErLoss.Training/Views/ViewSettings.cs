using ErLoss.Training.Settings;

namespace ErLoss.Training.Views;

/// <summary>The random changes that make views of an image; see <see cref="Augmentation"/>.</summary>
/// <remarks>
/// The defaults are those of SimCLR (Chen et al., ICML 2020), in its published settings for CIFAR-10 for the colours and in those for ImageNet for the blur, but for the smallest crop, which is that of MoCo
/// (He et al., CVPR 2020): runs here are much shorter than SimCLR's, and a view that shows a twelfth of an image is hard to learn from.
/// </remarks>
internal sealed record ViewSettings : Section
{
    /// <summary>The size of images from which on views are blurred where nobody says otherwise.</summary>
    private const int LeastBlurredSize = 64;

    private const double UsualBlurProbability = 0.5;

    /// <summary>The smallest share of the image's area that each of the two views shows; the largest is all of it.</summary>
    [Setting(
        "Smallest share of the area of an image that each of its two views shows. The default is that of MoCo (He et al., CVPR 2020); SimCLR (Chen et al., ICML 2020) has 0.08.",
        Above = 0, Most = 1, FormerPath = "method.crops.large_crop_min_area")]
    public double LargeCropMinArea { get; init; } = 0.2;

    /// <summary>What becomes of a crop that reaches over the image.</summary>
    [Setting("What becomes of a crop that is drawn wider or higher than the image: clamp cuts it at the border, redraw draws its area and aspect again, up to ten times in all, as torchvision does.")]
    public CropFit CropFit { get; init; } = CropFit.Clamp;

    /// <summary>The share of views that are mirrored.</summary>
    [Setting("Probability that a view is mirrored. The default is that of SimCLR (Chen et al., ICML 2020).", Least = 0, Most = 1)]
    public double FlipProbability { get; init; } = 0.5;

    /// <summary>The share of views whose brightness, contrast, saturation and hue are changed.</summary>
    [Setting("Probability that brightness, contrast, saturation and hue of a view are changed. The default is that of SimCLR (Chen et al., ICML 2020).", Least = 0, Most = 1)]
    public double JitterProbability { get; init; } = 0.8;

    /// <summary>How far the factor of the brightness is from one at most.</summary>
    [Setting("Largest change of brightness: the factor is uniform from 1 - X to 1 + X. The default is that of SimCLR for CIFAR-10 (Chen et al., ICML 2020), which has 0.8 for ImageNet.", Least = 0, Most = 1)]
    public double JitterBrightness { get; init; } = 0.4;

    /// <summary>How far the factor of the contrast is from one at most.</summary>
    [Setting("Largest change of contrast, as for brightness. The default is that of SimCLR for CIFAR-10, which has 0.8 for ImageNet.", Least = 0, Most = 1)]
    public double JitterContrast { get; init; } = 0.4;

    /// <summary>How far the factor of the saturation is from one at most.</summary>
    [Setting("Largest change of saturation, as for brightness. The default is that of SimCLR for CIFAR-10, which has 0.8 for ImageNet.", Least = 0, Most = 1)]
    public double JitterSaturation { get; init; } = 0.4;

    /// <summary>How far hues are turned at most, in turns.</summary>
    [Setting("Largest turn of the hue: it is uniform from -X to X, where 1 is the whole circle of colours. The default is that of SimCLR for CIFAR-10, which has 0.2 for ImageNet.", Least = 0, Most = 0.5)]
    public double JitterHue { get; init; } = 0.1;

    /// <summary>The share of views without colour.</summary>
    [Setting("Probability that a view is made grey. The default is that of SimCLR (Chen et al., ICML 2020).", Least = 0, Most = 1)]
    public double GrayscaleProbability { get; init; } = 0.2;

    /// <summary>The share of views that are blurred; null for the usual one of the size of the images.</summary>
    [Setting(
        "Probability that a view is blurred by a Gaussian filter. The defaults are those of SimCLR (Chen et al., ICML 2020) for CIFAR-10 and for ImageNet: blur hides the finest details, of which only large images have enough.",
        Least = 0, Most = 1, WhenNull = "0.5 for images of 64x64 pixels and more, 0 for smaller ones")]
    public double? BlurProbability { get; init; }

    /// <summary>The smallest standard deviation of the filter.</summary>
    [Setting("Smallest standard deviation of the Gaussian filter in pixels. The default is that of SimCLR (Chen et al., ICML 2020).", Above = 0, Most = 100)]
    public double BlurMinSigma { get; init; } = 0.1;

    /// <summary>The largest standard deviation of the filter.</summary>
    [Setting("Largest standard deviation of the Gaussian filter in pixels. The default is that of SimCLR (Chen et al., ICML 2020).", Above = 0, Most = 100)]
    public double BlurMaxSigma { get; init; } = 2;

    /// <summary>How many of the pixels of a row the filter covers.</summary>
    [Setting("Width of the Gaussian filter as a share of the width of a view; it is cut off beyond. The default is that of SimCLR (Chen et al., ICML 2020).", Above = 0, Most = 1)]
    public double BlurKernel { get; init; } = 0.1;

    /// <summary>The share of views that are blurred.</summary>
    /// <param name="imageSize">Height and width of the images.</param>
    internal double BlurProbabilityAt(int imageSize) => BlurProbability ?? (imageSize >= LeastBlurredSize ? UsualBlurProbability : 0);

    /// <inheritdoc/>
    public override IEnumerable<Conflict> Conflicts() => BlurMinSigma > BlurMaxSigma
        ? [new(nameof(BlurMinSigma), FormattableString.Invariant($"is {BlurMinSigma}, but the largest standard deviation (blur_max_sigma) is {BlurMaxSigma}; a number up to that is wanted"))]
        : [];
}
