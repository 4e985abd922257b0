using System.Buffers.Binary;
using System.IO.Hashing;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>
/// Writes an <see cref="ImageCache"/>: into a temporary file beside it, which gets the name when it is whole. Without <see cref="Finish"/> nothing is left. Several processes may make the same file at once; the
/// last one's stays.
/// </summary>
internal sealed class ImageCacheWriter : IPixelSink, IDisposable
{
    private const string TemporarySuffix = ".tmp";
    private const int BufferLength = 16 << 20;

    /// <summary>Temporary files that were last written to before this belong to no process that is at work.</summary>
    private static readonly TimeSpan s_abandoned = TimeSpan.FromMinutes(10);

    private readonly string _path, _temporary;
    private readonly int _imageSize, _imageBytes;
    private readonly FileStream _stream;
    private readonly MemoryStream _hashes = new();
    private readonly byte[] _buffer;

    /// <summary>Begins a file.</summary>
    /// <param name="path">The file to create or replace. Its folder is made if need be.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <param name="images">How many are expected; room for them is reserved at once.</param>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public ImageCacheWriter(string path, int imageSize, long images)
    {
        (_path, _imageSize, _imageBytes) = (path, imageSize, ImageSet.BytesAt(imageSize));
        _temporary = $"{path}.{Guid.NewGuid():n}{TemporarySuffix}";
        _buffer = new byte[Math.Max(1, BufferLength / _imageBytes) * _imageBytes];
        long length = CacheHeader.Length + (images * (_imageBytes + CacheHeader.ImageHashLength));
        _stream = Access(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            DeleteAbandoned();
            return new FileStream(_temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, PreallocationSize = length, BufferSize = 0 });
        });
        try
        {
            Write(new byte[CacheHeader.Length], CacheHeader.Length); // whose place it is
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many images there are so far.</summary>
    public int Count => (int)(_hashes.Length / CacheHeader.ImageHashLength);

    /// <inheritdoc/>
    public int MostAtOnce => _buffer.Length / _imageBytes;

    /// <inheritdoc/>
    public Memory<byte> Next(int count) => _buffer.AsMemory(0, count * _imageBytes);

    /// <inheritdoc/>
    public void Keep(int count)
    {
        Span<byte> hash = stackalloc byte[CacheHeader.ImageHashLength];
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(hash, XxHash3.HashToUInt64(_buffer.AsSpan(i * _imageBytes, _imageBytes)));
            _hashes.Write(hash);
        }
        Write(_buffer, count * _imageBytes);
    }

    /// <summary>Completes the file and gives it its name. All images are read back before.</summary>
    /// <param name="train">How many of the images are training images; the others are test images.</param>
    /// <param name="source">What they were made from.</param>
    /// <param name="faults">The images that could not be read.</param>
    /// <param name="fingerprint">Computes the fingerprint of the images that were written.</param>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public void Finish(int train, string source, IReadOnlyCollection<CacheFault> faults, Func<ImageCache, string> fingerprint)
    {
        byte[] ofFaults = CacheFault.ToBytes(faults), lists = [.. _hashes.ToArray(), .. ofFaults];
        var header = new CacheHeader(_imageSize, train, Count - train, ofFaults.Length, source, new string('0', 32), XxHash64.HashToUInt64(lists));
        Write(lists, lists.Length);
        header = header with { Images = fingerprint(new ImageCache(_temporary, _stream.SafeFileHandle, header, lists)) };
        Access(() =>
        {
            _stream.Position = 0;
            _stream.Write(header.ToBytes());
            _stream.SetLength(header.EndOfPixels + header.ListsLength);
            _stream.Flush(flushToDisk: true);
            _stream.Dispose();
            Rename();
            return true;
        });
    }

    /// <summary>Deletes what was not finished.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        _hashes.Dispose();
        try
        {
            File.Delete(_temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A later start deletes it.
        }
    }

    private void Write(byte[] bytes, int count) => Access(() =>
    {
        _stream.Write(bytes, 0, count);
        return true;
    });

    private void Rename()
    {
        try
        {
            File.Move(_temporary, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && OperatingSystem.IsWindows() && File.Exists(_path))
        {
            // Another process made the file meanwhile and has it open, so that Windows does not let it be replaced. Whoever opens it checks that it is the one that is wanted.
        }
    }

    /// <summary>Deletes what processes left that were killed while they wrote this same file.</summary>
    private void DeleteAbandoned()
    {
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(_path))!, $"{Path.GetFileName(_path)}.*{TemporarySuffix}"))
        {
            try
            {
                if (DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > s_abandoned)
                {
                    new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose(); // which fails while a process writes it
                    File.Delete(file);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is not abandoned, or not ours to delete.
            }
        }
    }

    private T Access<T>(Func<T> access)
    {
        try
        {
            return access();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw new DataException($"{_path}: the decoded images cannot be written here ({e.Message.TrimEnd('.')}); make room, or choose another folder with the setting cache.", e);
        }
    }
}
