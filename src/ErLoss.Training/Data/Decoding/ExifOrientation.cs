using System.Buffers.Binary;

namespace ErLoss.Training.Data;

/// <summary>Finds the EXIF orientation of WebP and PNG files, which the decoder does not tell.</summary>
internal static class ExifOrientation
{
    private const int Tag = 0x0112, EntryLength = 12;
    private const short ShortType = 3;

    /// <summary>The number that stands in the file; 1, which is upright, if there is none.</summary>
    public static int Find(ReadOnlySpan<byte> file, ImageFormat format) => format switch
    {
        ImageFormat.Webp => OfTiff(Chunk(file, 12, "EXIF"u8, isBigEndian: false, after: 0)),
        ImageFormat.Png => OfTiff(Chunk(file, 8, "eXIf"u8, isBigEndian: true, after: 4)),
        _ => 1,
    };

    /// <summary>The content of a chunk: in a RIFF file its name, its length and its padded content; in a PNG its length, its name, its content and a checksum.</summary>
    private static ReadOnlySpan<byte> Chunk(ReadOnlySpan<byte> file, long at, ReadOnlySpan<byte> name, bool isBigEndian, int after)
    {
        while (at + 8 <= file.Length)
        {
            ReadOnlySpan<byte> head = file.Slice((int)at, 8);
            uint length = isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(head) : BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
            if ((isBigEndian ? head[4..] : head[..4]).SequenceEqual(name))
            {
                return file.Slice((int)at + 8, (int)Math.Min(length, file.Length - at - 8));
            }
            at += 8L + length + (isBigEndian ? after : length % 2);
        }
        return [];
    }

    /// <summary>The orientation in the first directory of a TIFF structure (EXIF 2.32, 4.6.2), which some writers put "Exif" before.</summary>
    private static int OfTiff(ReadOnlySpan<byte> tiff)
    {
        if (tiff.StartsWith("Exif\0\0"u8))
        {
            tiff = tiff[6..];
        }
        bool isBigEndian = tiff.StartsWith("MM"u8);
        if (tiff.Length < 8 || (!isBigEndian && !tiff.StartsWith("II"u8)))
        {
            return 1;
        }
        uint at = Long(tiff[4..]);
        if (at > tiff.Length - 2)
        {
            return 1;
        }
        int entries = Short(tiff[(int)at..]);
        for (long entry = at + 2L; entries > 0 && entry + EntryLength <= tiff.Length; entry += EntryLength, entries--)
        {
            ReadOnlySpan<byte> field = tiff.Slice((int)entry, EntryLength);
            if (Short(field) == Tag && Short(field[2..]) == ShortType)
            {
                return Short(field[8..]);
            }
        }
        return 1;

        ushort Short(ReadOnlySpan<byte> bytes) => isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        uint Long(ReadOnlySpan<byte> bytes) => isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
