using ErLoss.SelfSupervised.Encoders;

namespace ErLoss.Training.Data;

/// <summary>
/// Makes a square of a given size out of an image of any size: the largest centred square of the image as it is shown, each new pixel the mean of the area
/// that it covers.
/// </summary>
/// <param name="size">Height and width of the square.</param>
/// <param name="background">What shows through transparent pixels.</param>
internal sealed class ImageResizer(int size, ImageColour background)
{
    /// <summary>Bytes of a pixel that is read: red, green, blue and alpha.</summary>
    private const int PixelBytes = 4;

    private readonly AreaScaler _scaler = new(size, PixelBytes);
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
        int side = Math.Min(width, height), rowBytes = (width + divisor - 1) / divisor * PixelBytes;
        AreaAxis rows = new(orientation.Top(height, side), side, size, divisor), columns = new(orientation.Left(width, side), side, size, divisor);
        _scaler.Scale(image, rowBytes, rows, columns, isOpaque ? null : Lay, (y, x) => orientation.Place(y, x, size), scaled);
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
}
