using System.Buffers.Binary;
using System.IO.Compression;

namespace ErLoss.Training.Data;

/// <summary>Holds the size that an image's header claims against what the file can hold, before a decoder allocates for it.</summary>
internal static class ImageSizeCheck
{
    /// <summary>
    /// The most pixels a byte of a JPEG file can stand for: its first scan spends a bit at least on each block of 8×8 (ITU-T T.81, F.1.2 and G.1.2).
    /// </summary>
    private const int JpegPixelsPerByte = 512;

    /// <summary>The most bytes a pixel of a PNG file takes before compression: four samples of 16 bits, and a row of one pixel has a filter's byte.</summary>
    private const int PngBytesPerPixel = 9;

    /// <summary>What some encoders leave behind the last row.</summary>
    private const int PngSlack = 1 << 16;

    private const int SignatureLength = 8, ChunkHeaderLength = 8, ChunkCheckLength = 4;

    /// <summary>Refuses a JPEG file that is too short for its size.</summary>
    /// <exception cref="InvalidDataException">It is.</exception>
    public static void CheckJpeg(ReadOnlySpan<byte> file, long pixels)
    {
        if (pixels > (long)file.Length * JpegPixelsPerByte)
        {
            throw new InvalidDataException($"its header claims {pixels} pixels, which {file.Length} bytes cannot hold");
        }
    }

    /// <summary>Refuses a PNG file whose body is too short for its size, or much longer. Inflates it, and keeps nothing of that.</summary>
    /// <exception cref="InvalidDataException">It is, or the body is not sound.</exception>
    public static void CheckPng(byte[] file, long pixels)
    {
        long most = (pixels * PngBytesPerPixel) + PngSlack, length = 0;
        using var body = new ZLibStream(Body(file), CompressionMode.Decompress);
        Span<byte> buffer = stackalloc byte[4096];
        while (length <= most && body.Read(buffer) is > 0 and var read)
        {
            length += read;
        }
        if (length * 8 < pixels || length > most)
        {
            throw new InvalidDataException($"its body has {(length > most ? "more than " : "")}{length} bytes, which do not fit its {pixels} pixels");
        }
    }

    /// <summary>What the IDAT chunks hold, one after the other (ISO/IEC 15948, 5.3 and 10.1).</summary>
    private static MemoryStream Body(ReadOnlySpan<byte> file)
    {
        var body = new MemoryStream();
        for (int at = SignatureLength; at + ChunkHeaderLength <= file.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            ReadOnlySpan<byte> type = file.Slice(at + 4, 4), rest = file[(at + ChunkHeaderLength)..];
            if (length + (long)ChunkCheckLength > rest.Length)
            {
                throw new InvalidDataException("it ends too early");
            }
            if (type.SequenceEqual("IDAT"u8))
            {
                body.Write(rest[..(int)length]);
            }
            at += ChunkHeaderLength + (int)length + ChunkCheckLength;
        }
        body.Position = 0;
        return body;
    }
}
