using ErLoss.SelfSupervised.Encoders;

namespace ErLoss.Training.Data;

/// <summary>Images of any size made 32×32: the largest centred square, each new pixel the mean of the area it covers.</summary>
internal static class ImageResizer
{
    /// <summary>Crops and scales. In whole numbers throughout, so the same on every machine; a 32×32 image stays as it is.</summary>
    /// <param name="image">(height, width, 3), row-major: red, green and blue of a pixel side by side.</param>
    /// <param name="width">Positive.</param>
    /// <param name="height">Positive.</param>
    /// <param name="scaled">(3, 32, 32), row-major, as <see cref="ImageSet"/> has it; written.</param>
    public static void CropAndScale(ReadOnlySpan<byte> image, int width, int height, Span<byte> scaled) =>
        ImageScaling.CropAndScale(image, width, height, scaled, ImageSet.Size);
}
