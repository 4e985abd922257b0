namespace ErLoss.SelfSupervised.Encoders;

/// <summary>Scales images: each new pixel is the mean of the area that it covers. In whole numbers throughout, so the same on every machine. For one thread at a time.</summary>
/// <param name="size">Height and width of the new images.</param>
/// <param name="pixelBytes">Bytes of an old pixel, whose first are red, green and blue.</param>
internal sealed class AreaScaler(int size, int pixelBytes)
{
    private const int Channels = ImageScaling.Channels;

    private readonly int[] _row = new int[Channels * size];
    private readonly long[] _sums = new long[Channels * size];

    /// <summary>Gives other pixels for those of a row.</summary>
    public delegate ReadOnlySpan<byte> RowFilter(ReadOnlySpan<byte> pixels);

    /// <param name="image">Old pixels, row by row.</param>
    /// <param name="rowBytes">Bytes of an old row.</param>
    /// <param name="rows">Which old rows the new ones cover.</param>
    /// <param name="columns">Which old columns the new ones cover, as many as rows.</param>
    /// <param name="filter">Applied to each old row once; null leaves them as they are.</param>
    /// <param name="place">Where, in a plane, the new pixel of a row and a column is put.</param>
    /// <param name="scaled">(3, size, size), row-major: a red, a green and a blue plane; written.</param>
    public void Scale(ReadOnlySpan<byte> image, int rowBytes, AreaAxis rows, AreaAxis columns, RowFilter? filter, Func<int, int, int> place, Span<byte> scaled)
    {
        long area = (long)rows.Side * rows.Side;
        int done = -1;
        for (int y = 0; y < size; y++)
        {
            Array.Clear(_sums);
            for (int row = rows.First(y); row < rows.End(y); row++)
            {
                if (row != done)
                {
                    ReadOnlySpan<byte> pixels = image.Slice(row * rowBytes, rowBytes);
                    SumColumns(filter is null ? pixels : filter(pixels), columns);
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
                scaled[(channel * size * size) + place(y, x)] = (byte)((_sums[i] + (area / 2)) / area);
            }
        }
    }

    /// <summary>Sums what the new pixels cover of an old row. Only the first and the last old pixel can be covered in part.</summary>
    private void SumColumns(ReadOnlySpan<byte> pixels, AreaAxis columns)
    {
        int whole = columns.Whole;
        for (int x = 0; x < size; x++)
        {
            int first = columns.First(x), last = columns.End(x) - 1, red = 0, green = 0, blue = 0;
            for (int column = first + 1; column < last; column++)
            {
                ReadOnlySpan<byte> pixel = pixels.Slice(column * pixelBytes, pixelBytes);
                red += pixel[0];
                green += pixel[1];
                blue += pixel[2];
            }
            ReadOnlySpan<byte> start = pixels.Slice(first * pixelBytes, pixelBytes), end = pixels.Slice(last * pixelBytes, pixelBytes);
            int ofStart = columns.Overlap(x, first), ofEnd = last > first ? columns.Overlap(x, last) : 0;
            Span<int> sums = _row.AsSpan(x * Channels, Channels);
            sums[0] = (whole * red) + (ofStart * start[0]) + (ofEnd * end[0]);
            sums[1] = (whole * green) + (ofStart * start[1]) + (ofEnd * end[1]);
            sums[2] = (whole * blue) + (ofStart * start[2]) + (ofEnd * end[2]);
        }
    }
}
