using ErLoss.SelfSupervised.IO;
using StbImageSharp;

namespace ErLoss.Training.Data;

/// <summary>Reads a PNG or JPEG file as a 32×32 colour image. Transparency is dropped; greys become colours.</summary>
internal static class ImageFile
{
    /// <summary>The most pixels of an image that is decoded: beyond it a file is a mistake, or an attack on the memory.</summary>
    public const int MostPixels = 1 << 26;

    /// <summary>The longest file that is read: four bytes for each of <see cref="MostPixels"/>, as of an image that could not be compressed.</summary>
    private const long MostBytes = 4L * MostPixels;

    private static readonly byte[] s_png = [0x89, .. "PNG\r\n\x1A\n"u8], s_jpeg = [0xFF, 0xD8, 0xFF];

    /// <summary>Reads an image of any size, made 32×32 by <see cref="ImageResizer"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pixels">(3, 32, 32), row-major, as <see cref="ImageSet"/> has it; written.</param>
    /// <exception cref="DataException">The file cannot be read, is not what its name says, is damaged, or too large.</exception>
    public static void Read(string path, Span<byte> pixels)
    {
        byte[] file = Bytes(path);
        bool isPng = file.AsSpan().StartsWith(s_png);
        using var stream = new UnforgivingStream(file);
        try
        {
            ImageInfo header = ImageInfo.FromStream(stream) ?? throw new InvalidOperationException("its header is damaged, or claims far too many pixels");
            long claimed = (long)header.Width * header.Height;
            if (claimed > MostPixels)
            {
                throw new DataException($"{path}: {header.Width}x{header.Height} pixels; at most {MostPixels:n0} are read.");
            }
            if (isPng)
            {
                ImageSizeCheck.CheckPng(file, claimed);
            }
            else
            {
                ImageSizeCheck.CheckJpeg(file, claimed);
            }
            ImageResult image = ImageResult.FromStream(stream, ColorComponents.RedGreenBlue);
            ImageResizer.CropAndScale(image.Data, image.Width, image.Height, pixels);
        }
        catch (Exception e) when (e is not DataException and not OutOfMemoryException)
        {
            // A decoder that stumbles over damaged bytes does so in many ways.
            string how = e is EndOfStreamException ? "it ends too early" : e.Message.Trim().TrimEnd('.');
            throw new DataException($"{path}: not a sound image: {(how.Length > 0 ? how : "it cannot be decoded")}.", e);
        }
    }

    /// <summary>All bytes of a file that begins as a PNG or JPEG file does; no more than a few of any other.</summary>
    private static byte[] Bytes(string path)
    {
        InputFile.RequireFile(path);
        return InputFile.Access(path, () =>
        {
            using FileStream stream = File.OpenRead(path);
            Span<byte> beginning = stackalloc byte[s_png.Length];
            beginning = beginning[..stream.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false)];
            if (!beginning.StartsWith(s_png) && !beginning.StartsWith(s_jpeg))
            {
                throw new DataException($"{path}: neither a PNG nor a JPEG file, whatever its name; wanted one of these.");
            }
            if (stream.Length > MostBytes)
            {
                throw new DataException($"{path}: {stream.Length:n0} bytes; images of at most {MostBytes:n0} are read.");
            }
            byte[] file = new byte[stream.Length];
            stream.Position = 0;
            stream.ReadExactly(file);
            return file;
        });
    }

    /// <summary>
    /// A read-only stream that throws EndOfStreamException at its end instead of returning 0. The decoder would take zeros for what is missing, so that a truncated
    /// JPEG would pass for an image, and some damaged ones would keep it busy for ever.
    /// </summary>
    private sealed class UnforgivingStream(byte[] bytes) : MemoryStream(bytes, writable: false)
    {
        public override int ReadByte()
        {
            int value = base.ReadByte();
            return value >= 0 ? value : throw new EndOfStreamException();
        }

        public override int Read(byte[] buffer, int offset, int count) =>
            count <= Length - Position ? base.Read(buffer, offset, count) : throw new EndOfStreamException();
    }
}
