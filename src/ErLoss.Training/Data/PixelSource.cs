using System.IO.Hashing;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>
/// Where the pixels of an image set are: in memory, in a file, or made when they are asked for. Each image is (3, size, size) bytes, row-major. Several threads may read at once.
/// </summary>
/// <param name="count">Number of images.</param>
/// <param name="imageBytes">Bytes of an image.</param>
internal abstract class PixelSource(int count, int imageBytes)
{
    private const int ReadAtOnce = 4 << 20;

    /// <summary>Number of images.</summary>
    public int Count => count;

    /// <summary>Bytes of an image.</summary>
    public int ImageBytes => imageBytes;

    /// <summary>Bytes of all images.</summary>
    public long Length => (long)count * imageBytes;

    /// <summary>How many images are read at once where many are read in a row: some megabytes of them, at least one.</summary>
    public int ImagesAtOnce => Math.Max(1, ReadAtOnce / imageBytes);

    /// <summary>Reads consecutive images.</summary>
    /// <param name="first">Index of the first.</param>
    /// <param name="pixels">Written; its length says how many images are read.</param>
    /// <exception cref="DataException">They cannot be read; the message names the file.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no such images.</exception>
    public void Read(int first, Span<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + (long)(pixels.Length / imageBytes), count, nameof(first));
        Copy(first, pixels);
    }

    /// <summary>Reads images in any order; consecutive ones together.</summary>
    /// <param name="indices">Which ones.</param>
    /// <param name="pixels">Written: one image after the other in the order of the indices.</param>
    /// <exception cref="DataException">They cannot be read; the message names the file.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no such images.</exception>
    public void Gather(ReadOnlySpan<long> indices, Span<byte> pixels)
    {
        for (int start = 0; start < indices.Length;)
        {
            int run = 1;
            while (start + run < indices.Length && indices[start + run] == indices[start] + run)
            {
                run++;
            }
            Read((int)indices[start], pixels.Slice(start * imageBytes, run * imageBytes));
            start += run;
        }
    }

    /// <summary>Adds all pixels to a hash, in order.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public virtual void AppendTo(NonCryptographicHashAlgorithm hash, CancellationToken cancellation)
    {
        byte[] some = new byte[ImagesAtOnce * imageBytes];
        for (int first = 0; first < count; first += ImagesAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> pixels = some.AsSpan(0, Math.Min(ImagesAtOnce, count - first) * imageBytes);
            Read(first, pixels);
            hash.Append(pixels);
        }
    }

    /// <summary>The first images.</summary>
    /// <param name="wanted">How many, from 0 to <see cref="Count"/>.</param>
    public abstract PixelSource Take(int wanted);

    /// <summary>Reads consecutive images that are known to be there.</summary>
    protected abstract void Copy(int first, Span<byte> pixels);
}
