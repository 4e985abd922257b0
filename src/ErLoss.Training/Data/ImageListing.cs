using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Data;

/// <summary>
/// All images of a place, in an order that is the same every time, each with its path and class. The pixels are read when they are asked for: the images of a folder need not fit in memory.
/// </summary>
internal sealed class ImageListing
{
    private readonly PixelReader _read;
    private readonly Func<int, ulong> _version;
    private readonly Func<int, string>? _file;
    private readonly ulong?[] _noted; // versions of the images as they were when they were first read or asked about, so that a later change is one

    private ImageListing(IReadOnlyList<ListedImage> images, PixelReader read, Func<int, ulong> version, Func<int, string>? file = null)
    {
        Images = images;
        _read = read;
        _version = version;
        _file = file;
        _noted = new ulong?[images.Count];
    }

    /// <summary>The images.</summary>
    public IReadOnlyList<ListedImage> Images { get; }

    /// <summary>Files and folders that were left out.</summary>
    public IReadOnlyList<LeftOutFile> LeftOut { get; private init; } = [];

    /// <summary>What decides which images are left out because they cannot be read; null if one that cannot be read is an error.</summary>
    public string? SkippingRule { get; init; }

    /// <summary>What messages call a setting, given its word.</summary>
    private Func<string, string> NameOf { get; init; } = SettingName.Of;

    /// <summary>Height and width of the images as they are read.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Bytes of an image: (3, size, size).</summary>
    public int ImageBytes => ImageSet.Channels * ImageSize * ImageSize;

    /// <summary>Lists the images of a folder, or those of a data set in files of its own; CIFAR's files are read as a whole, and the synthetic images are drawn.</summary>
    /// <param name="settings">Names the place. The numbers of images count for the synthetic set only; of all others each image is listed.</param>
    /// <param name="seed">Of the synthetic set.</param>
    /// <param name="loading">Told of each image that is read here.</param>
    /// <exception cref="DataException">There are no images, or they cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ImageListing Open(DataSettings settings, int seed, LoadingProgress? loading = null)
    {
        if (settings.Source == DataSource.Synthetic)
        {
            return Of(DataSource.Load(settings, seed, loading));
        }
        if (InputFile.CheckName(settings.Source) is { } cannotBeOpened)
        {
            throw cannotBeOpened;
        }
        if (!Directory.Exists(settings.Source))
        {
            throw new DataException($"{settings.Source}: {(File.Exists(settings.Source) ? "a file" : "no such directory")}; wanted '{DataSource.Synthetic}', or a folder of images.");
        }
        (string? cifar, string? stl10) = BinarySet.Find(settings.Source);
        if (stl10 is not null)
        {
            return Of(Stl10Reader.Open(stl10, settings.ImageSize), settings.ImageSize);
        }
        if (cifar is not null)
        {
            ImageData all = CifarReader.Read(cifar, loading);
            return Of(all with { Train = all.Train.Scale(settings.ImageSize), Test = all.Test.Scale(settings.ImageSize) });
        }
        var scan = new ImageTreeScan(settings.Source, settings.SkipUnreadable, loading?.Cancellation ?? CancellationToken.None);
        (ListedImage[] images, IReadOnlyList<LeftOutFile> leftOut) = ImageFiles.In(scan, settings.Source);
        Func<string, string> nameOf = loading?.NameOf ?? SettingName.Of;
        var decoders = new ThreadLocal<ImageDecoder>(() => new ImageDecoder(settings.Decoding(nameOf)));
        return images.Length > 0
            ? new ImageListing(images, (index, pixels) => decoders.Value!.Read(PathOf(index), pixels), index => FileVersion.Of(PathOf(index)), PathOf)
            {
                ImageSize = settings.ImageSize,
                LeftOut = leftOut,
                SkippingRule = settings.SkipUnreadable ? $"{settings.MaxPixels}" : null,
                NameOf = nameOf,
            }
            : throw new DataException($"{settings.Source}: no images ({ImageFormats.Names}) here or in the folders within; wanted a folder of images.");

        string PathOf(int index) => Path.Combine(settings.Source, images[index].Path);
    }

    /// <summary>The images of a set, the training images first.</summary>
    public static ImageListing Of(ImageData data)
    {
        return new ImageListing([.. List(data.Train, "train"), .. List(data.Test, "test")], Read, Version) { ImageSize = data.Train.Size };

        static IEnumerable<ListedImage> List(ImageSet set, string split) =>
            Enumerable.Range(0, set.Count).Select(i => new ListedImage($"{split}/{i}", set.ClassOf(i), split));

        void Read(int index, Span<byte> pixels)
        {
            (ImageSet set, int place) = index < data.Train.Count ? (data.Train, index) : (data.Test, index - data.Train.Count);
            set.Source.Read(place, pixels);
        }

        ulong Version(int index)
        {
            byte[] pixels = new byte[data.Train.ImageBytes];
            Read(index, pixels);
            return XxHash3.HashToUInt64(pixels);
        }
    }

    /// <summary>The images of STL-10's files, which stay open: the training images with labels, those without, and the test images.</summary>
    private static ImageListing Of(Stl10Reader files, int size)
    {
        int train = files.TrainLabels.Length;
        return new ImageListing(
            [.. files.TrainLabels.Select(Train), .. files.TestLabels.Select((label, i) => new ListedImage($"test/{i}", files.ClassNames[label], "test"))],
            (index, pixels) =>
            {
                if (index < train)
                {
                    files.ReadTrain(index, pixels);
                }
                else
                {
                    files.ReadTest(index - train, pixels);
                }
            },
            index => index < train ? files.VersionOfTrain(index) : files.VersionOfTest())
        {
            ImageSize = size,
        };

        ListedImage Train(int label, int index) => label == ImageSet.NoLabel
            ? new($"unlabeled/{index - files.LabelledCount}", "", "unlabeled")
            : new($"train/{index}", files.ClassNames[label], "train");
    }

    /// <summary>The file of an image; null if it has none of its own.</summary>
    public string? FileOf(int index) => _file?.Invoke(index);

    /// <summary>Reads some images, on several processors.</summary>
    /// <param name="first">Index of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="pixels">(count, 3, size, size), row-major; written: the images that can be read, one after the other.</param>
    /// <param name="cancellation">Checked at each image.</param>
    /// <returns>The images that cannot be read, if these are left out.</returns>
    /// <exception cref="DataException">One of them cannot be read, and is not to be left out; the message names the first such file.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IReadOnlyList<UnreadableImage> Read(int first, int count, Memory<byte> pixels, CancellationToken cancellation = default)
    {
        var faults = new DataException?[count];
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            try
            {
                _noted[first + i] ??= _version(first + i);
                _read(first + i, pixels.Span.Slice(i * ImageBytes, ImageBytes));
            }
            catch (DataException e)
            {
                faults[i] = e;
            }
        });
        int start = Array.FindIndex(faults, fault => fault is not null);
        if (start < 0)
        {
            return [];
        }
        if (SkippingRule is null)
        {
            throw _file is null ? faults[start]! : new DataException($"{faults[start]!.Message.TrimEnd('.')}. Mend or remove the image, or leave it out with {NameOf("skip_unreadable")}.", faults[start]);
        }
        var unreadable = new List<UnreadableImage>();
        for (int i = start, kept = start; i < count; i++)
        {
            if (faults[i] is { } fault)
            {
                unreadable.Add(new(first + i, LeftOutFile.Fault(fault, FileOf(first + i) ?? "")));
                continue;
            }
            pixels.Slice(i * ImageBytes, ImageBytes).CopyTo(pixels[(kept++ * ImageBytes)..]);
        }
        return unreadable;
    }

    /// <summary>Images that are left out, as files.</summary>
    public LeftOutFile[] Files(IEnumerable<UnreadableImage> unreadable) => [.. unreadable.Select(image => new LeftOutFile(Images[image.Index].Path, LeftOutReason.Unreadable, image.Fault))];

    /// <summary>
    /// A number that the first <paramref name="count"/> images have; others have another one, as far as their names, lengths and times of writing tell, or, of images in memory, their pixels. Each image counts as
    /// it was when this listing first read it or took its fingerprint.
    /// </summary>
    public string Fingerprint(int count)
    {
        var hash = new XxHash128();
        Span<byte> version = stackalloc byte[sizeof(ulong)];
        for (int i = 0; i < count; i++)
        {
            hash.Append(Encoding.UTF8.GetBytes(Images[i].Path));
            BinaryPrimitives.WriteUInt64LittleEndian(version, _noted[i] ??= _version(i));
            hash.Append(version);
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
