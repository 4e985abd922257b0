using System.Buffers.Binary;
using System.IO.Hashing;

namespace ErLoss.Training.Data;

/// <summary>Looks at the chunks of a PNG file (PNG 1.2, 3 and 4) for the reason why the decoder does not open it: to the decoder, all such files end too early.</summary>
internal static class PngHeader
{
    /// <summary>The most pixels of a row or a column that libpng reads.</summary>
    public const int MostOnASide = 1_000_000;

    private const int HeaderLength = 13, Signature = 8, Frame = 12; // of a chunk: length and name before its content, and a checksum after it

    /// <summary>The width and height that the header claims; zeros if it is not whole.</summary>
    public static (uint Width, uint Height) Size(ReadOnlySpan<byte> file) =>
        Content(file, Signature, out ReadOnlySpan<byte> name) is { Length: HeaderLength } header && name.SequenceEqual("IHDR"u8)
            ? (BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]))
            : default;

    /// <summary>Why a file that the decoder does not open cannot be read, and that is not too large.</summary>
    public static string Fault(ReadOnlySpan<byte> file)
    {
        bool isFirst = true, hasPixels = false;
        for (int at = Signature; at < file.Length;)
        {
            ReadOnlySpan<byte> content = Content(file, at, out ReadOnlySpan<byte> name);
            if (name.IsEmpty || at + Frame + content.Length > file.Length)
            {
                return "a damaged image: it ends too early";
            }
            ReadOnlySpan<byte> checkedBytes = file.Slice(at + 4, 4 + content.Length);
            if (Crc32.HashToUInt32(checkedBytes) != BinaryPrimitives.ReadUInt32BigEndian(file[(at + 8 + content.Length)..]) || (isFirst && Size(file) is (0, _) or (_, 0)))
            {
                return $"a damaged image: {(isFirst ? "its header has errors" : "it has errors within")}";
            }
            hasPixels |= name.SequenceEqual("IDAT"u8);
            if (name.SequenceEqual("IEND"u8))
            {
                return hasPixels ? "a damaged image: its header has errors" : "a damaged image: it has no pixels";
            }
            isFirst = false;
            at += Frame + content.Length;
        }
        return "a damaged image: it ends too early";
    }

    /// <summary>The content of the chunk at a place, as far as it is there, and the chunk's name, which is empty if that is not there.</summary>
    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> file, int at, out ReadOnlySpan<byte> name)
    {
        name = [];
        if (at + 8 > file.Length)
        {
            return [];
        }
        name = file.Slice(at + 4, 4);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
        return file.Slice(at + 8, (int)Math.Min(length, file.Length - at - 8));
    }
}
