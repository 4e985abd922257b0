namespace ErLoss.SelfSupervised.Encoders;

/// <summary>Images of any size made squares of one size: the largest centred square, each new pixel the mean of the area it covers.</summary>
internal static class ImageScaling
{
    /// <summary>Red, green and blue.</summary>
    public const int Channels = 3;

    /// <summary>Crops and scales. In whole numbers throughout, so the same on every machine; a square image of that size stays as it is.</summary>
    /// <param name="image">(height, width, 3), row-major: red, green and blue of a pixel side by side.</param>
    /// <param name="width">Positive.</param>
    /// <param name="height">Positive.</param>
    /// <param name="scaled">(3, size, size), row-major: a red, a green and a blue plane; written.</param>
    /// <param name="size">Positive.</param>
    public static void CropAndScale(ReadOnlySpan<byte> image, int width, int height, Span<byte> scaled, int size)
    {
        int side = Math.Min(width, height);
        AreaAxis rows = new((height - side) / 2, side, size, Divisor: 1), columns = new((width - side) / 2, side, size, Divisor: 1);
        new AreaScaler(size, Channels).Scale(image, width * Channels, rows, columns, filter: null, (y, x) => (y * size) + x, scaled);
    }
}
