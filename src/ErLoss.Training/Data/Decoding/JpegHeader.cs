using System.Buffers.Binary;

namespace ErLoss.Training.Data;

/// <summary>Looks at the frame header of a JPEG file (ITU-T T.81, B.2.2) for what the decoder refuses without giving a reason.</summary>
internal static class JpegHeader
{
    /// <summary>The most pixels a byte of a JPEG file can stand for: its first scan spends a bit at least on each block of 8×8 (ITU-T T.81, F.1.2 and G.1.2).</summary>
    private const int PixelsPerByte = 512;

    /// <summary>Why the file is of a variant that is not read; null if it is none of these.</summary>
    public static string? Unsupported(ReadOnlySpan<byte> file) => Frame(file) switch
    {
        (0xC3 or 0xC7 or 0xCB or 0xCF, _) => "a lossless JPEG, which is not read",
        (0xC5 or 0xC6 or 0xCD or 0xCE, _) => "a hierarchical JPEG, which is not read",
        (_, not 8 and var precision and > 0) => $"a JPEG of {precision} bits for each colour, of which only 8 are read",
        _ => null,
    };

    /// <summary>Whether the file is too short for its size. Arithmetic coding, the markers from 0xC9 on, can take less than a bit.</summary>
    public static bool IsTooShort(ReadOnlySpan<byte> file, long pixels) => pixels > (long)file.Length * PixelsPerByte && Frame(file).Marker < 0xC9;

    /// <summary>The last byte of the frame header's marker, and the bits of a sample; zeros if there is none.</summary>
    private static (int Marker, int Precision) Frame(ReadOnlySpan<byte> file)
    {
        for (int at = 2; at + 5 <= file.Length;)
        {
            int marker = file[at + 1];
            if (file[at] != 0xFF || marker is 0 or 0xFF or 0x01 or (>= 0xD0 and <= 0xD7))
            {
                at++; // filling bytes, and markers without a length
                continue;
            }
            if (marker is >= 0xC0 and <= 0xCF and not 0xC4 and not 0xC8 and not 0xCC)
            {
                return (marker, file[at + 4]);
            }
            if (marker is 0xD9 or 0xDA)
            {
                break;
            }
            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
        }
        return default;
    }
}
