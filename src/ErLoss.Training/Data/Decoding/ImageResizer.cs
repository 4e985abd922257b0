namespace ErLoss.Training.Data;

/// <summary>Images of any size made 32×32: the largest centred square, each new pixel the mean of the area it covers.</summary>
internal static class ImageResizer
{
    /// <summary>Crops and scales. In whole numbers throughout, so the same on every machine; a 32×32 image stays as it is.</summary>
    /// <param name="image">(height, width, 3), row-major: red, green and blue of a pixel side by side.</param>
    /// <param name="width">Positive.</param>
    /// <param name="height">Positive.</param>
    /// <param name="scaled">(3, 32, 32), row-major, as <see cref="ImageSet"/> has it; written.</param>
    public static void CropAndScale(ReadOnlySpan<byte> image, int width, int height, Span<byte> scaled)
    {
        int side = Math.Min(width, height), left = (width - side) / 2, top = (height - side) / 2;
        long area = (long)side * side;
        Span<long> sums = stackalloc long[ImageSet.Channels];
        for (int y = 0; y < ImageSet.Size; y++)
        {
            for (int x = 0; x < ImageSet.Size; x++)
            {
                sums.Clear();
                for (int row = First(y); row < End(y); row++)
                {
                    ReadOnlySpan<byte> pixels = image.Slice(((top + row) * width + left) * ImageSet.Channels, side * ImageSet.Channels);
                    for (int column = First(x); column < End(x); column++)
                    {
                        long weight = (long)Overlap(y, row) * Overlap(x, column);
                        for (int channel = 0; channel < ImageSet.Channels; channel++)
                        {
                            sums[channel] += weight * pixels[column * ImageSet.Channels + channel];
                        }
                    }
                }
                for (int channel = 0; channel < ImageSet.Channels; channel++)
                {
                    scaled[(channel * ImageSet.Size + y) * ImageSet.Size + x] = (byte)((sums[channel] + area / 2) / area);
                }
            }
        }

        // Along an axis, in units of 1/32 of an old pixel: new pixel i covers [i·side, (i + 1)·side), old pixel j covers [32j, 32(j + 1)).
        int First(int i) => i * side / ImageSet.Size;
        int End(int i) => ((i + 1) * side + ImageSet.Size - 1) / ImageSet.Size;
        int Overlap(int i, int j) => Math.Min((i + 1) * side, (j + 1) * ImageSet.Size) - Math.Max(i * side, j * ImageSet.Size);
    }
}
