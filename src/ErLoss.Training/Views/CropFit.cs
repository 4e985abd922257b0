namespace ErLoss.Training.Views;

/// <summary>What becomes of a crop whose area and aspect are drawn so that it is wider or higher than the image.</summary>
internal enum CropFit
{
    /// <summary>It is cut at the border of the image.</summary>
    Clamp,

    /// <summary>Area and aspect are drawn again, up to <see cref="CropShape.Tries"/> times in all, and then the crop is the whole image: the rule of torchvision's RandomResizedCrop.</summary>
    Redraw,
}
