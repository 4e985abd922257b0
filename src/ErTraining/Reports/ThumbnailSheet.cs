using ErLoss.Training.Data;
using SkiaSharp;
using static TorchSharp.torch;

namespace ErTraining.Reports;

/// <summary>Many small images in one JPEG picture, row by row, for a page that shows one at a time.</summary>
/// <param name="Jpeg">The picture.</param>
/// <param name="Count">Number of images.</param>
/// <param name="Columns">Images in a row.</param>
/// <param name="Size">Height and width of an image in the picture.</param>
/// <param name="Pitch">Pixels from one image to the next.</param>
internal sealed record ThumbnailSheet(byte[] Jpeg, int Count, int Columns, int Size, int Pitch)
{
    private const int LargestSize = 48, Quality = 80;

    /// <summary>JPEG computes colours in blocks of so many pixels: no block has pixels of two images.</summary>
    private const int Block = 16;

    /// <summary>Height and width of the picture.</summary>
    public (int Height, int Width) Extent => ((Count + Columns - 1) / Columns * Pitch, Columns * Pitch);

    /// <summary>Draws the picture.</summary>
    /// <param name="images">(n, 3, size, size), pixel bytes, with n at least 1, on any device. Large ones are divided by a whole number.</param>
    public static ThumbnailSheet Draw(Tensor images)
    {
        using var scope = NewDisposeScope();
        int size = (int)images.shape[2], divisor = (size + LargestSize - 1) / LargestSize;
        Tensor shrunk = divisor > 1 ? nn.functional.avg_pool2d(images.to(ScalarType.Float32), divisor).round().to(ScalarType.Byte) : images;
        int count = (int)images.shape[0], columns = (int)Math.Ceiling(Math.Sqrt(count)), shown = (int)shrunk.shape[2], pitch = (shown + Block - 1) / Block * Block;
        var sheet = new ThumbnailSheet([], count, columns, shown, pitch);
        var info = new SKImageInfo(sheet.Extent.Width, sheet.Extent.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        byte[] all = new byte[info.BytesSize], pixels = shrunk.cpu().contiguous().bytes.ToArray();
        for (int i = 0; i < count; i++)
        {
            int first = i / columns * pitch * info.RowBytes + i % columns * pitch * info.BytesPerPixel;
            ImageSheet.Paint(all.AsSpan(first), info.RowBytes, pixels.AsSpan(i * ImageSet.Channels * shown * shown, ImageSet.Channels * shown * shown), shown);
        }
        using SKImage image = SKImage.FromPixelCopy(info, all);
        using SKData jpeg = image.Encode(SKEncodedImageFormat.Jpeg, Quality);
        return sheet with { Jpeg = jpeg.ToArray() };
    }
}
