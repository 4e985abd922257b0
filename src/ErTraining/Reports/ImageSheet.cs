using ErLoss.Training.Data;
using SkiaSharp;
using static TorchSharp.torch;

namespace ErTraining.Reports;

/// <summary>Images side by side, as one PNG.</summary>
internal static class ImageSheet
{
    private const int Gap = 2;

    /// <summary>Where an image begins in a row or a column, in pixels.</summary>
    public static int Place(int index) => index * (ImageSet.Size + Gap);

    /// <summary>The pixels that so many images take in a row or a column.</summary>
    public static int Places(int count) => Place(count) - Gap;

    /// <summary>A sheet of rows of images.</summary>
    /// <param name="rows">Each (n, 3, size, size), float32 in [0, 1], on any device, all of the same n. The size is 32, or less: then the images are in the corners of their places.</param>
    public static byte[] Png(params IReadOnlyList<Tensor> rows)
    {
        int columns = (int)rows[0].shape[0];
        var info = new SKImageInfo(Places(columns), Places(rows.Count), SKColorType.Rgba8888, SKAlphaType.Premul);
        byte[] sheet = new byte[info.BytesSize]; // transparent
        for (int row = 0; row < rows.Count; row++)
        {
            using Tensor bytes = (rows[row] * byte.MaxValue).round().to(ScalarType.Byte).cpu().contiguous();
            byte[] pixels = bytes.bytes.ToArray();
            int size = (int)rows[row].shape[2], imageBytes = ImageSet.Channels * size * size;
            for (int column = 0; column < columns; column++)
            {
                int first = Place(row) * info.RowBytes + Place(column) * info.BytesPerPixel;
                Paint(sheet.AsSpan(first), info.RowBytes, pixels.AsSpan(column * imageBytes, imageBytes), size);
            }
        }
        using SKImage image = SKImage.FromPixelCopy(info, sheet);
        using SKData png = image.Encode(SKEncodedImageFormat.Png, quality: 100);
        return png.ToArray();
    }

    /// <summary>Turns planes of red, green and blue into opaque pixels of a wider sheet.</summary>
    private static void Paint(Span<byte> sheet, int rowBytes, ReadOnlySpan<byte> image, int size)
    {
        int plane = size * size;
        for (int pixel = 0; pixel < plane; pixel++)
        {
            Span<byte> colour = sheet[(pixel / size * rowBytes + pixel % size * 4)..];
            (colour[0], colour[1], colour[2], colour[3]) = (image[pixel], image[pixel + plane], image[pixel + 2 * plane], byte.MaxValue);
        }
    }
}
