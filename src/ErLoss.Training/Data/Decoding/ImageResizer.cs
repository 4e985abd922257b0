namespace ErLoss.Training.Data;

/// <summary>
/// Makes a square of a given size out of an image of any size: the largest centred square of the image as it is shown, each new pixel the mean of the area
/// that it covers.
/// </summary>
/// <param name="size">Height and width of the square.</param>
/// <param name="background">What shows through transparent pixels.</param>
internal sealed class ImageResizer(int size, ImageColour background)
{
    private const int Channels = ImageSet.Channels;

    /// <summary>Bytes of a pixel that is read: red, green, blue and alpha.</summary>
    private const int PixelBytes = 4;

    private readonly int[] _row = new int[Channels * size];
    private readonly long[] _sums = new long[Channels * size];
    private byte[] _opaque = [];

    /// <summary>Crops, scales and turns. In whole numbers throughout, so the same on every machine; a square of the wanted size keeps its pixels.</summary>
    /// <param name="image">(⌈height/divisor⌉, ⌈width/divisor⌉, 4), row-major: red, green, blue and alpha of a pixel side by side, colours not multiplied by alpha.</param>
    /// <param name="width">Of the image in its file; positive.</param>
    /// <param name="height">Likewise.</param>
    /// <param name="divisor">Along each axis, how many pixels of the file a pixel of <paramref name="image"/> stands for.</param>
    /// <param name="isOpaque">Whether alpha is not looked at.</param>
    /// <param name="orientation">How the image is to be shown.</param>
    /// <param name="scaled">(3, size, size), row-major, as <see cref="ImageSet"/> has it; written.</param>
    public void CropAndScale(ReadOnlySpan<byte> image, int width, int height, int divisor, bool isOpaque, ImageOrientation orientation, Span<byte> scaled)
    {
        int side = Math.Min(width, height), rowBytes = (width + divisor - 1) / divisor * PixelBytes, done = -1;
        long area = (long)side * side;
        Axis columns = new(orientation.Left(width, side), side, size, divisor), rows = new(orientation.Top(height, side), side, size, divisor);
        for (int y = 0; y < size; y++)
        {
            Array.Clear(_sums);
            for (int row = rows.First(y); row < rows.End(y); row++)
            {
                if (row != done)
                {
                    ReadOnlySpan<byte> pixels = image.Slice(row * rowBytes, rowBytes);
                    SumColumns(isOpaque ? pixels : Lay(pixels), columns);
                    done = row;
                }
                int weight = rows.Overlap(y, row);
                for (int i = 0; i < _row.Length; i++)
                {
                    _sums[i] += (long)weight * _row[i];
                }
            }
            for (int i = 0; i < _sums.Length; i++)
            {
                (int x, int channel) = Math.DivRem(i, Channels);
                scaled[(channel * size * size) + orientation.Place(y, x, size)] = (byte)((_sums[i] + (area / 2)) / area);
            }
        }
    }

    /// <summary>Sums what the new pixels cover of an old row. Only the first and the last old pixel can be covered in part.</summary>
    private void SumColumns(ReadOnlySpan<byte> pixels, Axis columns)
    {
        int whole = columns.Whole;
        for (int x = 0; x < size; x++)
        {
            int first = columns.First(x), last = columns.End(x) - 1, red = 0, green = 0, blue = 0;
            for (int column = first + 1; column < last; column++)
            {
                ReadOnlySpan<byte> pixel = pixels.Slice(column * PixelBytes, PixelBytes);
                red += pixel[0];
                green += pixel[1];
                blue += pixel[2];
            }
            ReadOnlySpan<byte> start = pixels.Slice(first * PixelBytes, PixelBytes), end = pixels.Slice(last * PixelBytes, PixelBytes);
            int ofStart = columns.Overlap(x, first), ofEnd = last > first ? columns.Overlap(x, last) : 0;
            Span<int> sums = _row.AsSpan(x * Channels, Channels);
            sums[0] = (whole * red) + (ofStart * start[0]) + (ofEnd * end[0]);
            sums[1] = (whole * green) + (ofStart * start[1]) + (ofEnd * end[1]);
            sums[2] = (whole * blue) + (ofStart * start[2]) + (ofEnd * end[2]);
        }
    }

    /// <summary>A row laid on the background.</summary>
    private ReadOnlySpan<byte> Lay(ReadOnlySpan<byte> pixels)
    {
        if (_opaque.Length < pixels.Length)
        {
            _opaque = new byte[pixels.Length];
        }
        for (int at = 0; at < pixels.Length; at += PixelBytes)
        {
            int alpha = pixels[at + 3];
            _opaque[at] = Mix(pixels[at], background.Red, alpha);
            _opaque[at + 1] = Mix(pixels[at + 1], background.Green, alpha);
            _opaque[at + 2] = Mix(pixels[at + 2], background.Blue, alpha);
        }
        return _opaque.AsSpan(0, pixels.Length);
    }

    private static byte Mix(int above, int below, int alpha) => (byte)(((above * alpha) + (below * (byte.MaxValue - alpha)) + (byte.MaxValue / 2)) / byte.MaxValue);

    /// <summary>
    /// What new pixels cover of old ones along an axis, in units of 1/size of a pixel of the file: new pixel i covers [start·size + i·side, start·size + (i + 1)·side), old pixel j
    /// covers [j·divisor·size, (j + 1)·divisor·size).
    /// </summary>
    private readonly record struct Axis(int Start, int Side, int Size, int Divisor)
    {
        /// <summary>What is covered of an old pixel that is covered wholly.</summary>
        public int Whole => Divisor * Size;

        public int First(int i) => (int)(Edge(i) / Whole);

        public int End(int i) => (int)((Edge(i + 1) + Whole - 1) / Whole);

        public int Overlap(int i, int j) => (int)(Math.Min(Edge(i + 1), (j + 1L) * Whole) - Math.Max(Edge(i), (long)j * Whole));

        private long Edge(int i) => ((long)Start * Size) + ((long)i * Side);
    }
}
