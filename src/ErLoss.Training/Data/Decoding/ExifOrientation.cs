using System.Buffers.Binary;

namespace ErLoss.Training.Data;

/// <summary>Finds the EXIF orientation of image files: the decoder does not tell that of WebP and PNG files, nor one of JPEG files that takes four bytes in place of two.</summary>
internal static class ExifOrientation
{
    private const int Tag = 0x0112, EntryLength = 12;
    private const ushort ShortType = 3, LongType = 4;

    private static readonly byte[] s_exif = [.. "Exif\0\0"u8];

    /// <summary>The number that stands in the file; 1, which is upright, if there is none.</summary>
    public static int Find(ReadOnlySpan<byte> file, ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => OfTiff(Segment(file)),
        ImageFormat.Webp => OfTiff(Chunk(file, 12, "EXIF"u8, isBigEndian: false, after: 0)),
        ImageFormat.Png => OfTiff(Chunk(file, 8, "eXIf"u8, isBigEndian: true, after: 4)),
        _ => 1,
    };

    /// <summary>The EXIF segment of a JPEG file: segments have a marker, a length that counts itself, and their content.</summary>
    private static ReadOnlySpan<byte> Segment(ReadOnlySpan<byte> file)
    {
        for (int at = 2; at + 4 <= file.Length && file[at] == 0xFF && file[at + 1] is not (0xD9 or 0xDA);)
        {
            if (file[at + 1] == 0xFF)
            {
                at++; // a filling byte
                continue;
            }
            int length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            ReadOnlySpan<byte> content = file.Slice(at + 4, Math.Clamp(length - 2, 0, file.Length - at - 4));
            if (file[at + 1] == 0xE1 && content.StartsWith(s_exif))
            {
                return content;
            }
            at += 2 + length;
        }
        return [];
    }

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
        if (tiff.StartsWith(s_exif))
        {
            tiff = tiff[s_exif.Length..];
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
            if (Short(field) == Tag && Short(field[2..]) is var type and (ShortType or LongType))
            {
                return type == ShortType ? Short(field[8..]) : (int)Math.Min(Long(field[8..]), int.MaxValue);
            }
        }
        return 1;

        ushort Short(ReadOnlySpan<byte> bytes) => isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        uint Long(ReadOnlySpan<byte> bytes) => isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
