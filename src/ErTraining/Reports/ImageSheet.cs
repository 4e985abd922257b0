using ErLoss.Training.Data;
using SkiaSharp;
using static TorchSharp.torch;

namespace ErTraining.Reports;

/// <summary>Images side by side, as one PNG.</summary>
internal static class ImageSheet
{
    private const int Gap = 2;

    /// <summary>A sheet of rows of images.</summary>
    /// <param name="rows">Each (n, 3, 32, 32), float32 in [0, 1], on any device, all of the same n.</param>
    public static byte[] Png(params IReadOnlyList<Tensor> rows)
    {
        int columns = (int)rows[0].shape[0], cell = ImageSet.Size + Gap;
        using var bitmap = new SKBitmap(columns * cell - Gap, rows.Count * cell - Gap, SKColorType.Rgba8888, SKAlphaType.Premul);
        bitmap.Erase(SKColors.Transparent);
        for (int row = 0; row < rows.Count; row++)
        {
            using Tensor bytes = (rows[row] * byte.MaxValue).round().to(ScalarType.Byte).cpu().contiguous();
            byte[] pixels = bytes.bytes.ToArray();
            for (int column = 0; column < columns; column++)
            {
                Paint(bitmap, column * cell, row * cell, pixels.AsSpan(column * ImageSet.ImageBytes, ImageSet.ImageBytes));
            }
        }
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, quality: 100);
        return png.ToArray();
    }

    private static void Paint(SKBitmap bitmap, int left, int top, ReadOnlySpan<byte> image)
    {
        const int Plane = ImageSet.Size * ImageSet.Size;
        for (int pixel = 0; pixel < Plane; pixel++)
        {
            var colour = new SKColor(image[pixel], image[pixel + Plane], image[pixel + 2 * Plane]);
            bitmap.SetPixel(left + pixel % ImageSet.Size, top + pixel / ImageSet.Size, colour);
        }
    }
}
