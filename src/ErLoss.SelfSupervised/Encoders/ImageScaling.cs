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
        int side = Math.Min(width, height), left = (width - side) / 2, top = (height - side) / 2;
        long area = (long)side * side;
        Span<long> sums = stackalloc long[Channels];
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                sums.Clear();
                for (int row = First(y); row < End(y); row++)
                {
                    ReadOnlySpan<byte> pixels = image.Slice(((top + row) * width + left) * Channels, side * Channels);
                    for (int column = First(x); column < End(x); column++)
                    {
                        long weight = Overlap(y, row) * Overlap(x, column);
                        for (int channel = 0; channel < Channels; channel++)
                        {
                            sums[channel] += weight * pixels[column * Channels + channel];
                        }
                    }
                }
                for (int channel = 0; channel < Channels; channel++)
                {
                    scaled[(channel * size + y) * size + x] = (byte)((sums[channel] + area / 2) / area);
                }
            }
        }

        // Along an axis, in units of 1/size of an old pixel: new pixel i covers [i·side, (i + 1)·side), old pixel j covers [size·j, size·(j + 1)).
        int First(int i) => (int)((long)i * side / size);
        int End(int i) => (int)(((i + 1L) * side + size - 1) / size);
        long Overlap(int i, int j) => Math.Min((i + 1L) * side, (j + 1L) * size) - Math.Max((long)i * side, (long)j * size);
    }
}
