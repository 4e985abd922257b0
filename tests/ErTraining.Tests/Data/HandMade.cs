using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace ErTraining.Tests.Data;

/// <summary>Image files put together byte by byte, so that what is in them does not depend on an encoder.</summary>
internal static class HandMade
{
    /// <summary>A GIF of one pixel, which is (255, 128, 0).</summary>
    public static byte[] Gif { get; } =
        [.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 255, 128, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B];

    /// <summary>A PNG of 8 bits a sample.</summary>
    /// <param name="width">Of the image.</param>
    /// <param name="height">Likewise.</param>
    /// <param name="colourType">0 grey, 2 colours, 4 grey and alpha, 6 colours and alpha.</param>
    /// <param name="rows">The body before compression: each row begins with its filter, 0 for none.</param>
    public static byte[] Png(int width, int height, byte colourType, byte[] rows)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, colourType);
        using var body = new MemoryStream();
        using (var deflate = new ZLibStream(body, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(rows);
        }
        return [0x89, .. "PNG\r\n\x1A\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, body.ToArray()), .. Chunk("IEND"u8, [])];
    }

    /// <summary>A square grey PNG.</summary>
    public static byte[] GreyPng(int side, byte[] greys) => Png(side, side, 0, [.. greys.Chunk(side).SelectMany(row => row.Prepend((byte)0))]);

    /// <summary>An uncompressed bitmap of 24 bits a pixel, whose rows are stored from the bottom up.</summary>
    public static byte[] Bmp(int width, int height, byte[] rgb)
    {
        byte[] body = [.. rgb.Chunk(3).Select(pixel => pixel.Reverse()).Chunk(width).Reverse().SelectMany(row => row.SelectMany(pixel => pixel).Concat(new byte[width % 4]))];
        byte[] file = new byte[54 + body.Length];
        "BM"u8.CopyTo(file);
        foreach ((int at, int value) in new[] { (2, file.Length), (10, 54), (14, 40), (18, width), (22, height), (34, body.Length) })
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        }
        (file[26], file[28]) = (1, 24);
        body.CopyTo(file, 54);
        return file;
    }

    /// <summary>A TIFF structure with two entries, of which the second one is the orientation, in two bytes or in four.</summary>
    public static byte[] Exif(int orientation, bool isBigEndian, bool isLong = false)
    {
        byte value = (byte)orientation, type = (byte)(isLong ? 4 : 3);
        return isBigEndian
            ? [.. "MM\0*"u8, 0, 0, 0, 8, 0, 2, 0x01, 0x0F, 0, 2, 0, 0, 0, 2, (byte)'a', 0, 0, 0, 0x01, 0x12, 0, type, 0, 0, 0, 1, .. isLong ? (byte[])[0, 0, 0, value] : [0, value, 0, 0], 0, 0, 0, 0]
            : [.. "II*\0"u8, 8, 0, 0, 0, 2, 0, 0x0F, 0x01, 2, 0, 2, 0, 0, 0, (byte)'a', 0, 0, 0, 0x12, 0x01, type, 0, 1, 0, 0, 0, value, 0, 0, 0, 0, 0, 0, 0];
    }

    /// <summary>The PNG with an EXIF chunk before its body.</summary>
    public static byte[] WithExif(byte[] png, byte[] exif) => [.. png[..33], .. Chunk("eXIf"u8, exif), .. png[33..]];

    /// <summary>The JPEG with an EXIF segment at its beginning.</summary>
    public static byte[] JpegWithExif(byte[] jpeg, byte[] exif) => [0xFF, 0xD8, 0xFF, 0xE1, 0, (byte)(exif.Length + 8), .. "Exif\0\0"u8, .. exif, .. jpeg[2..]];

    /// <summary>The plain WebP file as an extended one with an EXIF chunk.</summary>
    public static byte[] WebpWithExif(byte[] webp, int side, byte[] exif)
    {
        int start = webp.AsSpan().IndexOf("VP8L"u8);
        byte[] image = webp[start..];
        byte[] content =
        [
            .. "WEBPVP8X"u8, 10, 0, 0, 0, 8, 0, 0, 0, (byte)(side - 1), 0, 0, (byte)(side - 1), 0, 0,
            .. image, .. "EXIF"u8, (byte)exif.Length, 0, 0, 0, .. exif,
        ];
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, content.Length);
        return [.. "RIFF"u8, .. length, .. content];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> name, byte[] content)
    {
        byte[] length = new byte[4], check = new byte[4], body = [.. name, .. content];
        BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
        BinaryPrimitives.WriteUInt32BigEndian(check, Crc32.HashToUInt32(body));
        return [.. length, .. body, .. check];
    }
}
