using ErLoss.Training.Data;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Views;

/// <summary>How many small crops of an image there are beside its two views, and how much of it they show.</summary>
/// <remarks>
/// The areas of small crops are those of DINO's published code (Caron et al., ICCV 2021), whose small crops have 96 pixels beside views of 224; here they have half the pixels of the views. How
/// much the views themselves show is a setting of all methods: <see cref="ViewSettings.LargeCropMinArea"/>.
/// </remarks>
internal sealed record CropSettings : Section
{
    /// <summary>Small crops of each image; none by default.</summary>
    [Setting("Number of small crops of each image. They predict the targets of the two views, and are no targets themselves.", Least = 0)]
    public int SmallCrops { get; init; }

    /// <summary>Height and width of a small crop; null for half of those of the images.</summary>
    [Setting("Height and width of a small crop in pixels.", Least = 1, Most = ImageSet.LargestSize, GoesWith = "small_crops above 0", WhenNull = "half the size of the images")]
    public int? SmallCropSize { get; init; }

    /// <summary>The smallest share of the image's area that a small crop shows.</summary>
    [Setting("Smallest share of the area of an image that a small crop shows.", Above = 0, Most = 1, GoesWith = "small_crops above 0")]
    public double SmallCropMinArea { get; init; } = 0.05;

    /// <summary>The largest share of the image's area that a small crop shows.</summary>
    [Setting("Largest share of the area of an image that a small crop shows.", Above = 0, Most = 1, GoesWith = "small_crops above 0")]
    public double SmallCropMaxArea { get; init; } = 0.4;

    /// <summary>Height and width of a small crop.</summary>
    /// <param name="imageSize">Those of the images.</param>
    internal int SizeOfSmallCrops(int imageSize) => SmallCropSize ?? imageSize / 2;

    /// <inheritdoc/>
    public override IEnumerable<Conflict> Conflicts() => SmallCrops > 0 && SmallCropMinArea > SmallCropMaxArea
        ? [new(nameof(SmallCropMinArea), FormattableString.Invariant($"is {SmallCropMinArea}, but the largest share (small_crop_max_area) is {SmallCropMaxArea}; a number up to that is wanted"))]
        : [];
}
