using SkiaSharp;

namespace ErTraining.Tests.Data;

/// <summary>Image files of a picture that can be told from others.</summary>
internal static class Picture
{
    /// <summary>A file of a picture of the given size whose pixels say which picture it is.</summary>
    public static byte[] Encode(byte mark, int width = 32, int height = 32, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        using var bitmap = new SKBitmap(width, height);
        bitmap.Pixels = [.. Enumerable.Range(0, width * height).Select(pixel => Colour(mark, pixel % width, pixel / width))]; // one call, where each SetPixel is one
        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData file = format == SKEncodedImageFormat.Webp ? pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 50))! : pixels.Encode(format, quality: 95)!;
        return file.ToArray();
    }

    /// <summary>The same picture's bytes at 32×32 as an image set has them.</summary>
    public static byte[] Planes(byte mark) =>
    [
        .. new Func<SKColor, byte>[] { colour => colour.Red, colour => colour.Green, colour => colour.Blue }
            .SelectMany(channel => Enumerable.Range(0, 32 * 32).Select(pixel => channel(Colour(mark, pixel % 32, pixel / 32)))),
    ];

    /// <summary>Writes a picture where it is wanted, with the folders on the way.</summary>
    public static void Write(string path, byte[] file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, file);
    }

    private static SKColor Colour(byte mark, int x, int y) => new(mark, (byte)(4 * x), (byte)(2 * x + 3 * y));
}
