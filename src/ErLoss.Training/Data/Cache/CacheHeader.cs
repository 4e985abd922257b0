using System.Buffers.Binary;
using System.IO.Hashing;

namespace ErLoss.Training.Data;

/// <summary>
/// The beginning of an <see cref="ImageCache"/>'s file. Numbers are little-endian. After it come the pixels of the training and the test images, then an XxHash3 of each image, then the list of the images that
/// could not be read.
/// </summary>
/// <param name="ImageSize">Height and width of the images.</param>
/// <param name="Train">Number of training images.</param>
/// <param name="Test">Number of test images.</param>
/// <param name="FaultsLength">Bytes of the list of images that could not be read.</param>
/// <param name="Source">What the file was made from: the XxHash128 of files and settings, see <see cref="CacheSource"/>.</param>
/// <param name="Images">What the images are: their <see cref="ImageData.Fingerprint"/>.</param>
/// <param name="ListsHash">XxHash64 of all that comes after the pixels.</param>
internal sealed record CacheHeader(int ImageSize, int Train, int Test, int FaultsLength, string Source, string Images, ulong ListsHash)
{
    /// <summary>Bytes of the header, with room for what a later version may have to say.</summary>
    public const int Length = 128;

    /// <summary>Bytes of the hash of an image.</summary>
    public const int ImageHashLength = sizeof(ulong);

    private const int Version = 1, HashOfHeaderAt = Length - sizeof(ulong), FingerprintLength = 16;

    /// <summary>Number of images.</summary>
    public long Count => (long)Train + Test;

    /// <summary>Where the pixels end.</summary>
    public long EndOfPixels => Length + (Count * ImageSet.BytesAt(ImageSize));

    /// <summary>Bytes of what comes after the pixels.</summary>
    public long ListsLength => (Count * ImageHashLength) + FaultsLength;

    private static ReadOnlySpan<byte> Magic => "ErImages"u8;

    /// <summary>Whether a file begins as those of caches do.</summary>
    public static bool IsBegunBy(ReadOnlySpan<byte> file) => file.StartsWith(Magic);

    /// <summary>The header in bytes.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Length];
        Magic.CopyTo(bytes);
        int at = Magic.Length;
        foreach (int number in (int[])[Version, ImageSize, Train, Test, FaultsLength])
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), number);
            at += sizeof(int);
        }
        foreach (string fingerprint in (string[])[Source, Images])
        {
            Convert.FromHexString(fingerprint).CopyTo(bytes, at);
            at += FingerprintLength;
        }
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), ListsHash);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(HashOfHeaderAt), XxHash64.HashToUInt64(bytes.AsSpan(0, HashOfHeaderAt)));
        return bytes;
    }

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The beginning of a file that <see cref="IsBegunBy"/> the right bytes.</param>
    /// <param name="length">Length of the file.</param>
    /// <param name="fault">Why it is not read, as the end of a sentence that begins with the file's name; null if it is.</param>
    public static CacheHeader? Read(ReadOnlySpan<byte> bytes, long length, out string? fault)
    {
        fault = "was damaged";
        if (bytes.Length < Length || BinaryPrimitives.ReadUInt64LittleEndian(bytes[HashOfHeaderAt..]) != XxHash64.HashToUInt64(bytes[..HashOfHeaderAt]))
        {
            return null;
        }
        ReadOnlySpan<byte> rest = bytes[Magic.Length..];
        int version = Number(ref rest), size = Number(ref rest), train = Number(ref rest), test = Number(ref rest), faults = Number(ref rest);
        if (version != Version)
        {
            fault = "was made by another version of this program";
            return null;
        }
        if (size is < 1 or > ImageSet.LargestSize || train < 0 || test < 0 || faults < 0)
        {
            return null;
        }
        var header = new CacheHeader(size, train, test, faults, Fingerprint(ref rest), Fingerprint(ref rest), BinaryPrimitives.ReadUInt64LittleEndian(rest));
        if (length != header.EndOfPixels + header.ListsLength)
        {
            return null;
        }
        fault = null;
        return header;

        static int Number(ref ReadOnlySpan<byte> rest)
        {
            int number = BinaryPrimitives.ReadInt32LittleEndian(rest);
            rest = rest[sizeof(int)..];
            return number;
        }

        static string Fingerprint(ref ReadOnlySpan<byte> rest)
        {
            string fingerprint = Convert.ToHexStringLower(rest[..FingerprintLength]);
            rest = rest[FingerprintLength..];
            return fingerprint;
        }
    }
}
