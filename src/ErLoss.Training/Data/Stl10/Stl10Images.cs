using ErLoss.SelfSupervised.IO;
using Microsoft.Win32.SafeHandles;

namespace ErLoss.Training.Data;

/// <summary>A file of STL-10's images, read image by image, by any number of threads at once.</summary>
/// <remarks>An image is three planes, red, green and blue, each stored column after column.</remarks>
internal sealed class Stl10Images : IDisposable
{
    /// <summary>Height and width of an image in the file, in pixels.</summary>
    public const int StoredSize = 96;

    /// <summary>Bytes of an image in the file.</summary>
    public const int StoredBytes = ImageSet.Channels * StoredSize * StoredSize;

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly ThreadLocal<Buffers> _buffers;

    /// <summary>Opens a file.</summary>
    /// <param name="path">Its images follow each other without a header.</param>
    /// <param name="size">Height and width that images are scaled to when they are read.</param>
    /// <exception cref="DataException">The file cannot be read, or does not hold whole images.</exception>
    public Stl10Images(string path, int size)
    {
        InputFile.RequireFile(path);
        _path = path;
        _buffers = new(() => new Buffers(size));
        long length = InputFile.Access(path, () => new FileInfo(path).Length);
        (long count, long rest) = Math.DivRem(length, StoredBytes);
        Count = length == 0 ? throw new DataException($"{path}: empty; wanted images of {StoredBytes} bytes.")
            : rest != 0 ? throw new DataException($"{path}: {length} bytes are {count} images of {StoredBytes} bytes with {rest} left over; wanted whole images.")
            : count > int.MaxValue ? throw new DataException($"{path}: {count} images; at most {int.MaxValue} are read.")
            : (int)count;
        _file = InputFile.Access(path, () => File.OpenHandle(path, options: FileOptions.RandomAccess));
        Version = (ulong)(File.GetLastWriteTimeUtc(_file).Ticks ^ (length << 32));
    }

    /// <summary>Number of images.</summary>
    public int Count { get; }

    /// <summary>A number that changes when the file does, as far as its length and time of writing tell.</summary>
    public ulong Version { get; }

    /// <summary>Reads an image; see <see cref="PixelReader"/>.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    public void Read(int index, Span<byte> pixels)
    {
        Buffers buffers = _buffers.Value!;
        long start = (long)index * StoredBytes;
        try
        {
            for (int read = 0; read < StoredBytes;)
            {
                int more = RandomAccess.Read(_file, buffers.Stored.AsSpan(read), start + read);
                read += more > 0 ? more : throw new EndOfStreamException($"it ends within image {index + 1}");
            }
        }
        catch (IOException e)
        {
            throw InputFile.Unreadable(_path, e);
        }
        if (buffers.Scaler is null)
        {
            Transpose(buffers.Stored, pixels);
            return;
        }
        Transpose(buffers.Stored, buffers.Planes);
        buffers.Scaler.Scale(buffers.Planes, pixels);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _buffers.Dispose();
    }

    /// <summary>Makes rows of columns.</summary>
    private static void Transpose(ReadOnlySpan<byte> stored, Span<byte> planes)
    {
        for (int plane = 0; plane < StoredBytes; plane += StoredSize * StoredSize)
        {
            for (int row = 0; row < StoredSize; row++)
            {
                for (int column = 0; column < StoredSize; column++)
                {
                    planes[plane + (row * StoredSize) + column] = stored[plane + (column * StoredSize) + row];
                }
            }
        }
    }

    /// <summary>What a thread needs to read an image.</summary>
    private sealed class Buffers(int size)
    {
        public byte[] Stored { get; } = new byte[StoredBytes];

        public byte[] Planes { get; } = new byte[size == StoredSize ? 0 : StoredBytes];

        public PlaneScaler? Scaler { get; } = size == StoredSize ? null : new PlaneScaler(StoredSize, size);
    }
}
