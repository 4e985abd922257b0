using System.Buffers.Binary;

namespace ErLoss.Training.Data;

/// <summary>The formats of image files that are read.</summary>
internal enum ImageFormat
{
    /// <summary>JPEG.</summary>
    Jpeg,

    /// <summary>PNG.</summary>
    Png,

    /// <summary>WebP.</summary>
    Webp,

    /// <summary>Windows bitmap.</summary>
    Bmp,

    /// <summary>GIF, of which the first frame is read.</summary>
    Gif,
}

/// <summary>Tells the format of an image file by its first bytes; the ending of its name may be wrong.</summary>
internal static class ImageFormats
{
    /// <summary>How many of the first bytes are looked at.</summary>
    public const int Beginning = 32;

    /// <summary>The names of the formats, for messages.</summary>
    public const string Names = "JPEG, PNG, WebP, BMP or GIF";

    private static readonly byte[] s_jpeg = [0xFF, 0xD8, 0xFF], s_png = [0x89, .. "PNG\r\n\x1A\n"u8];

    /// <summary>Endings that images have.</summary>
    private static readonly string[] s_extensions = [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".gif"];

    /// <summary>Endings that images of other formats have, such as the photographs of some phones.</summary>
    private static readonly string[] s_otherExtensions =
        [".heic", ".heif", ".avif", ".tif", ".tiff", ".jxl", ".jp2", ".svg", ".psd", ".ico", ".tga", ".ppm", ".pgm", ".exr", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"];

    /// <summary>What the header of a bitmap can take: OS/2 1 and 2, then the Windows versions.</summary>
    private static readonly uint[] s_bmpHeaders = [12, 16, 40, 52, 56, 64, 108, 124];

    /// <summary>Formats that are not read, though people have them: what begins with what, from a place on.</summary>
    private static readonly (string Name, int At, byte[] Bytes)[] s_others =
    [
        ("a TIFF file", 0, [.. "II*\0"u8]), ("a TIFF file", 0, [.. "MM\0*"u8]), ("an AVIF file", 4, [.. "ftypavif"u8]), ("a HEIC file", 4, [.. "ftyphei"u8]),
        ("a HEIC file", 4, [.. "ftypmif1"u8]), ("a JPEG 2000 file", 4, [.. "jP  "u8]), ("a JPEG XL file", 0, [0xFF, 0x0A]), ("a JPEG XL file", 4, [.. "JXL "u8]),
        ("an SVG file", 0, [.. "<svg"u8]), ("a Photoshop file", 0, [.. "8BPS"u8]), ("a PDF file", 0, [.. "%PDF"u8]), ("an icon", 0, [0, 0, 1, 0]),
        ("a web page", 0, [.. "<!DOCTYPE html"u8]), ("a web page", 0, [.. "<html"u8]), ("a Git LFS pointer, whose image was not downloaded", 0, [.. "version https://git-lfs"u8]),
    ];

    /// <summary>Whether a file's name says that it is an image of a format that is read.</summary>
    public static bool IsNamed(string path) => s_extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a file's name says that it is an image of a format that is not read.</summary>
    public static bool IsNamedOther(string path) => s_otherExtensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>The format of a file that begins with these bytes; null if it is none that is read.</summary>
    /// <param name="beginning">The first <see cref="Beginning"/> bytes, or all of a shorter file.</param>
    public static ImageFormat? Find(ReadOnlySpan<byte> beginning) =>
        beginning.StartsWith(s_jpeg) ? ImageFormat.Jpeg
        : beginning.StartsWith(s_png) ? ImageFormat.Png
        : beginning.Length >= 12 && beginning.StartsWith("RIFF"u8) && beginning[8..].StartsWith("WEBP"u8) ? ImageFormat.Webp
        : beginning.Length >= 18 && beginning.StartsWith("BM"u8) && s_bmpHeaders.Contains(BinaryPrimitives.ReadUInt32LittleEndian(beginning[14..])) ? ImageFormat.Bmp
        : beginning.StartsWith("GIF87a"u8) || beginning.StartsWith("GIF89a"u8) ? ImageFormat.Gif
        : null;

    /// <summary>What a file is that begins with these bytes and is of no format that is read, as far as it can be told.</summary>
    /// <param name="beginning">As for <see cref="Find"/>.</param>
    public static string Describe(ReadOnlySpan<byte> beginning)
    {
        if (beginning.IsEmpty)
        {
            return "an empty file";
        }
        foreach ((string name, int at, byte[] bytes) in s_others)
        {
            if (beginning.Length > at && beginning[at..].StartsWith(bytes))
            {
                return name;
            }
        }
        return beginning.IndexOfAnyExcept((byte)0) < 0 ? "a file of zeros"
            : beginning.IndexOfAnyInRange((byte)0, (byte)8) < 0 ? "a text, perhaps" : "a file of an unknown kind";
    }
}
