using System.IO.Hashing;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using static TorchSharp.torch;

namespace ErLoss.Training.Embeddings;

/// <summary>
/// A file of features in NumPy's format, a row for each image that can be read, that is written batch by batch and can be continued after the process was killed. Until it is finished its name ends in
/// <c>.part</c>, and a file that ends in <c>.progress</c> says how many rows of it are known to be on the disk.
/// </summary>
internal sealed class FeatureFile : IDisposable
{
    private const string PartSuffix = ".part", ProgressSuffix = ".progress";
    private const int CopyLength = 1 << 20;

    private readonly string _path;
    private readonly ImageListing _images;
    private readonly int _columns;
    private readonly ScalarType _type;
    private readonly string _computation;
    private readonly FileStream _part;
    private readonly XxHash128 _checksum = new();
    private readonly List<UnreadableImage> _leftOut = [];

    private FeatureFile(string path, ImageListing images, int columns, FeatureType type, string computation)
    {
        (_path, _images, _columns, _computation) = (path, images, columns, $"{type} {columns} {computation}");
        _type = type == FeatureType.Float16 ? ScalarType.Float16 : ScalarType.Float32;
        _part = new FileStream(path + PartSuffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            Rows = RowsToKeep();
            _part.SetLength(PlaceOf(Rows));
            WriteHeader();
        }
        catch
        {
            _part.Dispose();
            throw;
        }
    }

    /// <summary>How many rows there are.</summary>
    public int Rows { get; private set; }

    /// <summary>How many images have a row or are left out.</summary>
    public int Done => Rows + _leftOut.Count;

    /// <summary>The images that are left out, since they cannot be read.</summary>
    public IReadOnlyList<UnreadableImage> LeftOut => _leftOut;

    private int RowBytes => _columns * (_type == ScalarType.Float16 ? 2 : 4);

    /// <summary>Begins a file, or continues one that was begun with the same computation and images, as far as these are the same.</summary>
    /// <param name="path">What the file is called once it is finished; in an existing folder. If it is a symbolic link, the file that it leads to is meant.</param>
    /// <param name="images">A row for each.</param>
    /// <param name="columns">Length of a row.</param>
    /// <param name="type">Of the numbers.</param>
    /// <param name="computation">What decides the features of an image, but the image.</param>
    /// <exception cref="IOException">The file cannot be written, or another process is writing it.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static FeatureFile Open(string path, ImageListing images, int columns, FeatureType type, string computation) => new(AtomicFile.Target(path), images, columns, type, computation);

    /// <summary>Adds the rows of the next images.</summary>
    /// <param name="features">(n, columns), float32, on any device.</param>
    /// <param name="leftOut">The images among the next ones that have no row.</param>
    /// <exception cref="DataException">Not all numbers are finite in the type of the file.</exception>
    public void Append(Tensor features, params IEnumerable<UnreadableImage> leftOut)
    {
        using var scope = NewDisposeScope();
        Tensor rows = features.to(_type).cpu().contiguous();
        if (!rows.isfinite().all().item<bool>())
        {
            throw new DataException(features.isfinite().all().item<bool>()
                ? $"Features of the images from {_images.Images[Done].Path} on are too large for float16; float32 is wanted."
                : $"Features of the images from {_images.Images[Done].Path} on are not all finite numbers; the weights of a run that went well are wanted.");
        }
        byte[] bytes = rows.bytes.ToArray();
        _part.Write(bytes);
        _checksum.Append(bytes);
        Rows += (int)rows.shape[0];
        _leftOut.AddRange(leftOut);
    }

    /// <summary>Makes sure that the rows so far need not be computed again.</summary>
    public void Save()
    {
        _part.Flush(flushToDisk: true);
        new FeatureProgress(_computation, _images.Fingerprint(Done), Rows, Checksum(), _leftOut, _images.SkippingRule).Write(_path + ProgressSuffix);
    }

    /// <summary>Gives the file its name, replacing a file of that name.</summary>
    /// <exception cref="InvalidOperationException">An image has neither a row yet nor is left out.</exception>
    public void Finish()
    {
        if (Done != _images.Images.Count)
        {
            throw new InvalidOperationException($"{Done} of {_images.Images.Count} images have a row or are left out.");
        }
        WriteHeader(); // now that the number of rows is known
        _part.Flush(flushToDisk: true);
        _part.Dispose();
        File.Move(_path + PartSuffix, _path, overwrite: true);
        File.Delete(_path + ProgressSuffix);
    }

    /// <summary>Closes the file. What was not finished stays, to be continued.</summary>
    public void Dispose() => _part.Dispose();

    /// <summary>How many rows can stay, of those that an earlier process left; their checksum is then this one's.</summary>
    private int RowsToKeep()
    {
        if (FeatureProgress.TryRead(_path + ProgressSuffix) is not { } left
            || left.Computation != _computation
            || left.Done > _images.Images.Count
            || (left.LeftOut.Count > 0 && left.SkippingRule != _images.SkippingRule)
            || _part.Length < PlaceOf(left.Rows)
            || left.Images != _images.Fingerprint((int)left.Done))
        {
            return 0;
        }
        _part.Position = NpyHeader.Length;
        byte[] buffer = new byte[CopyLength];
        for (long rest = PlaceOf(left.Rows) - NpyHeader.Length; rest > 0;)
        {
            int read = _part.ReadAtLeast(buffer.AsSpan(0, (int)Math.Min(rest, buffer.Length)), 1);
            _checksum.Append(buffer.AsSpan(0, read));
            rest -= read;
        }
        if (Checksum() != left.Checksum)
        {
            _checksum.Reset();
            return 0;
        }
        _leftOut.AddRange(left.LeftOut);
        return left.Rows;
    }

    /// <summary>Writes the header for the rows that there are; the next row is written after them.</summary>
    private void WriteHeader()
    {
        _part.Position = 0;
        _part.Write(NpyHeader.Create(_type == ScalarType.Float16 ? "<f2" : "<f4", Rows, _columns));
        _part.Position = PlaceOf(Rows);
    }

    private long PlaceOf(int row) => NpyHeader.Length + ((long)row * RowBytes);

    private string Checksum() => Convert.ToHexStringLower(_checksum.GetCurrentHash());
}
