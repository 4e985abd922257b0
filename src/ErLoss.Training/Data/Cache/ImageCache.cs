using System.Buffers.Binary;
using System.IO.Hashing;
using ErLoss.SelfSupervised.IO;
using Microsoft.Win32.SafeHandles;

namespace ErLoss.Training.Data;

/// <summary>
/// A file of the decoded pixels of a folder's images. Images are read with ordinary reads, not through a memory map: the system keeps what it has room for, and the pages do not count as memory of the process.
/// Header and lists are checked when the file is opened, each image whenever it is read, so that opening takes no longer for many images.
/// </summary>
internal sealed class ImageCache
{
    private const string Remedy = "delete this file, and the next start makes it anew";

    private readonly string _path;
    private readonly SafeFileHandle _file; // closed when nothing reads from it any more
    private readonly CacheHeader _header;
    private readonly byte[] _hashes;
    private readonly int _imageBytes;

    /// <summary>Reads from an open file.</summary>
    /// <param name="path">Its name, for messages.</param>
    /// <param name="file">The file.</param>
    /// <param name="header">Its header.</param>
    /// <param name="lists">What comes after the pixels.</param>
    internal ImageCache(string path, SafeFileHandle file, CacheHeader header, byte[] lists)
    {
        (_path, _file, _header, _imageBytes) = (path, file, header, ImageSet.BytesAt(header.ImageSize));
        int hashes = checked((int)(header.Count * CacheHeader.ImageHashLength));
        _hashes = lists[..hashes];
        Faults = CacheFault.Read(lists[hashes..]);
    }

    /// <summary>The training images.</summary>
    public PixelSource Train => new Pixels(this, 0, _header.Train);

    /// <summary>The test images.</summary>
    public PixelSource Test => new Pixels(this, _header.Train, _header.Test);

    /// <summary>The images that could not be read and are not here.</summary>
    public IReadOnlyList<CacheFault> Faults { get; }

    /// <summary>The <see cref="ImageData.Fingerprint"/> of the images.</summary>
    public string Fingerprint => _header.Images;

    /// <summary>Height and width of the images.</summary>
    public int ImageSize => _header.ImageSize;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">What it should have been made from.</param>
    /// <param name="fault">Why there is no cache here to be used, as the end of a sentence that begins with the file's name; null if there is, or if there is no file.</param>
    /// <returns>Null if there is no such file, or none that can be used: it may be replaced.</returns>
    /// <exception cref="DataException">The file cannot be read, or is something else that must not be replaced.</exception>
    public static ImageCache? TryOpen(string path, string source, out string? fault)
    {
        fault = null;
        if (!File.Exists(path))
        {
            return null;
        }
        InputFile.RequireFile(path);
        SafeFileHandle file = InputFile.Access(path, () => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess));
        ImageCache? cache = null;
        try
        {
            cache = Read(path, file, source, out fault);
            return cache;
        }
        finally
        {
            if (cache is null)
            {
                file.Dispose();
            }
        }
    }

    /// <summary>Reads bytes of a file, all that are asked for.</summary>
    /// <exception cref="DataException">It ends before, or cannot be read.</exception>
    internal static void ReadExactly(string path, SafeFileHandle file, long offset, Span<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                int read = RandomAccess.Read(file, bytes, offset);
                if (read == 0)
                {
                    throw new DataException($"{path}: ends too early; {Remedy}.");
                }
                bytes = bytes[read..];
                offset += read;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw InputFile.Unreadable(path, e);
        }
    }

    private static ImageCache? Read(string path, SafeFileHandle file, string source, out string? fault)
    {
        long length = InputFile.Access(path, () => RandomAccess.GetLength(file));
        byte[] bytes = new byte[Math.Min(length, CacheHeader.Length)];
        ReadExactly(path, file, 0, bytes);
        if (!CacheHeader.IsBegunBy(bytes))
        {
            throw new DataException($"{path}: not a file of decoded images, which would be written here; move or delete it, or choose another folder with the setting cache.");
        }
        CacheHeader? header = CacheHeader.Read(bytes, length, out fault);
        if (header is null)
        {
            return null;
        }
        if (header.Source != source)
        {
            fault = "was made from other images or settings";
            return null;
        }
        if (header.ListsLength > Array.MaxLength)
        {
            fault = "was damaged";
            return null;
        }
        byte[] lists = new byte[header.ListsLength];
        ReadExactly(path, file, header.EndOfPixels, lists);
        if (XxHash64.HashToUInt64(lists) != header.ListsHash)
        {
            fault = "was damaged";
            return null;
        }
        return new ImageCache(path, file, header, lists);
    }

    private void Copy(int first, Span<byte> pixels)
    {
        ReadExactly(_path, _file, CacheHeader.Length + ((long)first * _imageBytes), pixels);
        for (int i = 0; i < pixels.Length / _imageBytes; i++)
        {
            ulong hash = BinaryPrimitives.ReadUInt64LittleEndian(_hashes.AsSpan((first + i) * CacheHeader.ImageHashLength));
            if (XxHash3.HashToUInt64(pixels.Slice(i * _imageBytes, _imageBytes)) != hash)
            {
                throw new DataException($"{_path}: image {first + i} in it is damaged; {Remedy}.");
            }
        }
    }

    private sealed class Pixels(ImageCache cache, int start, int count) : PixelSource(count, cache._imageBytes)
    {
        public override PixelSource Take(int wanted) => new Pixels(cache, start, wanted);

        protected override void Copy(int first, Span<byte> pixels) => cache.Copy(start + first, pixels);
    }
}
