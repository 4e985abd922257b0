using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Settings;
using SkiaSharp;

namespace ErLoss.Training.Data;

/// <summary>How image files become pixels. A fingerprint of a set depends on the rule, so a change of it makes other images.</summary>
/// <param name="Size">Height and width of the square that comes out.</param>
/// <param name="Background">What transparent pixels are laid on.</param>
/// <param name="MaxPixels">The most pixels of an image that is decoded: beyond it a file is a mistake, or an attack on the memory.</param>
internal sealed record ImageDecoding(int Size, ImageColour Background, int MaxPixels)
{
    /// <summary>What messages call a setting. It is no part of the rule, and internal, so that the rule's text does not have it.</summary>
    internal Func<string, string> NameOf { get; init; } = SettingName.Of;
}

/// <summary>
/// Reads an image file as a square of colour pixels. The rule: the first frame; upright as its EXIF orientation says; no change of colours by a profile; transparency
/// laid on a background; the largest centred square; each new pixel the mean of the area that it covers. A JPEG whose shorter side is at least 4d times the wanted size,
/// for d = 8, 4 or 2, is decoded at a d-th of its size, as libjpeg defines that. For one thread at a time.
/// </summary>
internal sealed class ImageDecoder(ImageDecoding decoding)
{
    /// <summary>What the file of an image that could not be compressed takes beside its pixels.</summary>
    private const long Slack = 1 << 20;

    private const int BytesPerPixel = 8;

    /// <summary>What is read of a file before its format is known; all of a small one.</summary>
    private const int AtOnce = 4096;

    /// <summary>Images of more pixels are decoded one at a time, whatever the number of threads, since each takes much memory.</summary>
    private const int LargePixels = 1 << 24;

    /// <summary>Files of more bytes are read one at a time, too.</summary>
    private const int LargeBytes = 1 << 25;

    private static readonly Lock s_large = new();

    /// <summary>What libjpeg can divide the size of a JPEG by, largest first.</summary>
    private static readonly int[] s_divisors = [8, 4, 2];

    private readonly ImageResizer _resizer = new(decoding.Size, decoding.Background);

    /// <summary>Reads an image of any size.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pixels">(3, size, size), row-major, as <see cref="ImageSet"/> has it; written.</param>
    /// <exception cref="DataException">The file cannot be read, is no image, is damaged, or too large.</exception>
    public void Read(string path, Span<byte> pixels)
    {
        if (Bytes(path, LargeBytes) is { } small)
        {
            Read(path, small, pixels);
            return;
        }
        lock (s_large)
        {
            Read(path, Bytes(path, Array.MaxLength)!, pixels);
        }
    }

    private void Read(string path, byte[] file, Span<byte> pixels)
    {
        ImageFormat format = ImageFormats.Find(file) ?? throw NoImage(path, file);
        if (Refusal(file, format, pixels) is { } why)
        {
            throw new DataException($"{path}: {why}.");
        }
    }

    private static DataException NoImage(string path, ReadOnlySpan<byte> beginning) =>
        new($"{path}: {ImageFormats.Describe(beginning[..Math.Min(beginning.Length, ImageFormats.Beginning)])}, whatever its name; wanted an image ({ImageFormats.Names}).");

    /// <summary>Decodes a file; returns why that is not possible, or null if it was. The decoder reads the file where it is in memory: a copy of a large one would be as large.</summary>
    private string? Refusal(byte[] file, ImageFormat format, Span<byte> pixels)
    {
        var pinned = GCHandle.Alloc(file, GCHandleType.Pinned);
        try
        {
            using SKData data = SKData.Create(pinned.AddrOfPinnedObject(), file.Length);
            using var codec = SKCodec.Create(new SKMemoryStream(data), out SKCodecResult opened);
            return codec is null || opened != SKCodecResult.Success ? Unopened(opened, file, format) : Refusal(codec, file, format, pixels);
        }
        finally
        {
            pinned.Free();
        }
    }

    /// <summary>Why the decoder does not open a file.</summary>
    private string Unopened(SKCodecResult opened, ReadOnlySpan<byte> file, ImageFormat format)
    {
        if (format != ImageFormat.Png)
        {
            return (format == ImageFormat.Jpeg ? JpegHeader.Unsupported(file) : null) ?? Describe(opened, "its header", file, format);
        }
        (uint width, uint height) = PngHeader.Size(file);
        return TooLarge(width, height)
            ?? (Math.Max(width, height) is > PngHeader.MostOnASide and <= int.MaxValue
                ? $"a PNG of {width}x{height} pixels, of which at most {PngHeader.MostOnASide:n0} along a side are read"
                : PngHeader.Fault(file));
    }

    private string? TooLarge(long width, long height) => width <= int.MaxValue && height <= int.MaxValue && width * height > decoding.MaxPixels
        ? $"{width}x{height} pixels; at most {decoding.MaxPixels:n0} are read ({decoding.NameOf("max_pixels")})"
        : null;

    /// <summary>Decodes what was opened; as above.</summary>
    private string? Refusal(SKCodec codec, byte[] file, ImageFormat format, Span<byte> pixels)
    {
        SKImageInfo info = codec.Info;
        long claimed = (long)info.Width * info.Height;
        if (TooLarge(info.Width, info.Height) is { } why)
        {
            return why;
        }
        if (format == ImageFormat.Jpeg && JpegHeader.IsTooShort(file, claimed))
        {
            return $"its header claims {info.Width}x{info.Height} pixels, which {file.Length:n0} bytes cannot hold";
        }

        if (claimed <= LargePixels)
        {
            return Decode(codec, file, format, pixels);
        }
        lock (s_large)
        {
            return Decode(codec, file, format, pixels);
        }
    }

    /// <summary>Decodes what has been found to be not too large.</summary>
    private string? Decode(SKCodec codec, byte[] file, ImageFormat format, Span<byte> pixels)
    {
        SKImageInfo info = codec.Info;
        int divisor = Divisor(info, format);
        var size = new SKSizeI((info.Width + divisor - 1) / divisor, (info.Height + divisor - 1) / divisor); // as libjpeg rounds
        using var bitmap = new SKBitmap();
        var wanted = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null);
        if (!bitmap.TryAllocPixels(wanted))
        {
            throw new InsufficientMemoryException($"{wanted.BytesSize64:n0} bytes for the pixels of an image.");
        }
        SKCodecResult result = codec.GetPixels(wanted, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
        {
            return Describe(result, "it", file, format);
        }
        int exif = codec.EncodedOrigin is var origin and not SKEncodedOrigin.TopLeft ? (int)origin : ExifOrientation.Find(file, format);
        _resizer.CropAndScale(
            bitmap.GetPixelSpan(), info.Width, info.Height, divisor, info.AlphaType == SKAlphaType.Opaque, ImageOrientation.OfExif(exif), pixels);
        return null;
    }

    /// <summary>What the size of a file is divided by when it is decoded.</summary>
    private int Divisor(SKImageInfo info, ImageFormat format)
    {
        int side = Math.Min(info.Width, info.Height);
        return format == ImageFormat.Jpeg && s_divisors.FirstOrDefault(d => side >= 4L * d * decoding.Size) is > 0 and var divisor ? divisor : 1;
    }

    private static string Describe(SKCodecResult result, string what, ReadOnlySpan<byte> file, ImageFormat format) => result switch
    {
        _ when format == ImageFormat.Webp && BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) > file.Length - 8 => "a damaged image: it ends too early", // which is not told
        SKCodecResult.IncompleteInput => "a damaged image: it ends too early",
        SKCodecResult.ErrorInInput => "a damaged image: it has errors within",
        SKCodecResult.Unimplemented => "an image of a variant of its format that is not read",
        _ => $"a damaged image: {what} cannot be decoded",
    };

    /// <summary>All bytes of a file that begins as an image does; no more than a few of any other. Null if it has more than <paramref name="wanted"/>.</summary>
    private byte[]? Bytes(string path, int wanted)
    {
        InputFile.RequireFile(path);
        return InputFile.Access(path, () =>
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            Span<byte> beginning = stackalloc byte[AtOnce];
            int read = stream.ReadAtLeast(beginning, ImageFormats.Beginning, throwOnEndOfStream: false);
            beginning = beginning[..read];
            if (ImageFormats.Find(beginning) is null)
            {
                throw NoImage(path, beginning);
            }
            long most = Math.Min(((long)BytesPerPixel * decoding.MaxPixels) + Slack, Array.MaxLength);
            if (stream.Length > most)
            {
                throw new DataException($"{path}: {stream.Length:n0} bytes; images of at most {most:n0} are read ({decoding.NameOf("max_pixels")}).");
            }
            if (stream.Length > wanted)
            {
                return null;
            }
            byte[] file = GC.AllocateUninitializedArray<byte>((int)Math.Max(stream.Length, read));
            beginning.CopyTo(file);
            if (read < file.Length)
            {
                stream.ReadExactly(file.AsSpan(read));
            }
            return file;
        });
    }
}
