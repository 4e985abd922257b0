using ErLoss.Training.Data;
using SkiaSharp;
using static TorchSharp.torch;

namespace ErTraining.Reports;

/// <summary>Images side by side, as one PNG.</summary>
internal static class ImageSheet
{
    private const int Gap = 2, LargestShown = 96;

    /// <summary>The height and width at which images are shown. Large ones are divided by a whole number, so that a page stays small.</summary>
    /// <param name="size">Height and width of an image.</param>
    public static int ShownSize(int size) => size / Divisor(size);

    /// <summary>Where an image begins in a row or a column, in pixels.</summary>
    /// <param name="index">Counted from zero.</param>
    /// <param name="shown">Height and width at which images are shown.</param>
    public static int Place(int index, int shown) => index * (shown + Gap);

    /// <summary>The pixels that so many images take in a row or a column.</summary>
    public static int Places(int count, int shown) => Place(count, shown) - Gap;

    /// <summary>A sheet of rows of images.</summary>
    /// <param name="rows">Each (n, 3, size, size), float32 in [0, 1], on any device, all of the same n. Images that are smaller than those of the first row are in the corners of their places.</param>
    public static byte[] Png(params IReadOnlyList<Tensor> rows)
    {
        using var scope = NewDisposeScope();
        int columns = (int)rows[0].shape[0], divisor = Divisor((int)rows[0].shape[2]), shown = (int)rows[0].shape[2] / divisor;
        var info = new SKImageInfo(Places(columns, shown), Places(rows.Count, shown), SKColorType.Rgba8888, SKAlphaType.Premul);
        byte[] sheet = new byte[info.BytesSize]; // transparent
        for (int row = 0; row < rows.Count; row++)
        {
            Tensor images = divisor > 1 ? nn.functional.avg_pool2d(rows[row], divisor) : rows[row];
            Tensor bytes = (images * byte.MaxValue).round().to(ScalarType.Byte).cpu().contiguous();
            byte[] pixels = bytes.bytes.ToArray();
            int size = (int)images.shape[2], imageBytes = ImageSet.Channels * size * size;
            for (int column = 0; column < columns; column++)
            {
                int first = Place(row, shown) * info.RowBytes + Place(column, shown) * info.BytesPerPixel;
                Paint(sheet.AsSpan(first), info.RowBytes, pixels.AsSpan(column * imageBytes, imageBytes), size);
            }
        }
        using SKImage image = SKImage.FromPixelCopy(info, sheet);
        using SKData png = image.Encode(SKEncodedImageFormat.Png, quality: 100);
        return png.ToArray();
    }

    private static int Divisor(int size) => (size + LargestShown - 1) / LargestShown;

    /// <summary>Turns planes of red, green and blue into opaque pixels of a wider sheet.</summary>
    public static void Paint(Span<byte> sheet, int rowBytes, ReadOnlySpan<byte> image, int size)
    {
        int plane = size * size;
        for (int pixel = 0; pixel < plane; pixel++)
        {
            Span<byte> colour = sheet[(pixel / size * rowBytes + pixel % size * 4)..];
            (colour[0], colour[1], colour[2], colour[3]) = (image[pixel], image[pixel + plane], image[pixel + 2 * plane], byte.MaxValue);
        }
    }
}
