using System.Runtime.ExceptionServices;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>
/// Reads a directory of STL-10's own binary files (Coates, Lee and Ng, "An Analysis of Single Layer Networks in Unsupervised Feature Learning", 2011): images of 96×96 pixels, of which those in
/// <c>train_X.bin</c> and <c>test_X.bin</c> have labels and those in <c>unlabeled_X.bin</c> have none. The last file may be missing.
/// </summary>
internal sealed class Stl10Reader : IDisposable
{
    /// <summary>The data set's name.</summary>
    public const string Name = "STL-10";

    /// <summary>Name of the folder that the distributed archive unpacks to.</summary>
    public const string Folder = "stl10_binary";

    private const string TrainFile = "train_X.bin", TrainLabelsFile = "train_y.bin", TestFile = "test_X.bin", TestLabelsFile = "test_y.bin", UnlabelledFile = "unlabeled_X.bin", NamesFile = "class_names.txt";

    private static readonly string[] s_imageFiles = [TrainFile, TestFile, UnlabelledFile], s_classNames = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"];

    private readonly Stl10Images _train, _test;
    private readonly Stl10Images? _unlabelled;
    private readonly int _size;

    private Stl10Reader(string directory, int size)
    {
        _size = size;
        try
        {
            _train = Images(TrainFile)!;
            _test = Images(TestFile)!;
            _unlabelled = File.Exists(Path.Combine(directory, UnlabelledFile)) ? Images(UnlabelledFile) : null;
            ClassNames = ClassNamesFile.Read(Path.Combine(directory, NamesFile), s_classNames, Name);
            TrainLabels = [.. Labels(TrainLabelsFile, TrainFile, _train.Count), .. Enumerable.Repeat(ImageSet.NoLabel, _unlabelled?.Count ?? 0)];
            TestLabels = Labels(TestLabelsFile, TestFile, _test.Count);
        }
        catch
        {
            Dispose();
            throw;
        }

        Stl10Images Images(string file) => new(Required(file, $"images of {Name}"), size);

        int[] Labels(string file, string ofFile, int count)
        {
            string path = Required(file, $"labels of the images in {ofFile}");
            InputFile.RequireFile(path);
            if (InputFile.Access(path, () => new FileInfo(path).Length) is var length && length != count)
            {
                throw new DataException($"{path}: {length} labels of a byte for {count} images in {ofFile}; wanted a label for each image.");
            }
            byte[] labels = InputFile.Access(path, () => File.ReadAllBytes(path));
            int stray = labels.AsSpan().IndexOfAnyExceptInRange((byte)1, (byte)s_classNames.Length);
            return stray < 0 ? [.. labels.Select(label => label - 1)]
                : throw new DataException($"{path}: image {stray + 1} has label {labels[stray]}; wanted 1 to {s_classNames.Length}.");
        }

        string Required(string file, string what) => Path.Combine(directory, file) is var path && Path.Exists(path) ? path
            : throw new DataException($"{directory}: no {file}, the {what}; wanted the files of {Folder}.tar.gz.");
    }

    /// <summary>Number of training images with labels; those without come after them.</summary>
    public int LabelledCount => _train.Count;

    /// <summary>Labels of the training images; <see cref="ImageSet.NoLabel"/> for those without.</summary>
    public int[] TrainLabels { get; }

    /// <summary>Labels of the test images.</summary>
    public int[] TestLabels { get; }

    /// <summary>Names of the classes, by label.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Whether the directory has a file named as STL-10 names its image files.</summary>
    /// <param name="directory">A path; it need not exist.</param>
    public static bool Recognizes(string directory) => s_imageFiles.Any(file => File.Exists(Path.Combine(directory, file)));

    /// <summary>The directory if it has a file named as STL-10 names its image files, or the folder in it that STL-10's archive unpacks to; null without either.</summary>
    /// <param name="directory">A path; it need not exist.</param>
    public static string? Find(string directory) => new[] { directory, Path.Combine(directory, Folder) }.FirstOrDefault(Recognizes);

    /// <summary>Opens the files, to be read image by image.</summary>
    /// <param name="directory">Holds the <c>.bin</c> files and, if need be, the class names.</param>
    /// <param name="size">Height and width that images are scaled to when they are read.</param>
    /// <exception cref="DataException">A file is missing, unreadable or not what its name says.</exception>
    public static Stl10Reader Open(string directory, int size) => new(directory, size);

    /// <summary>Reads a training image; see <see cref="PixelReader"/>.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    public void ReadTrain(int index, Span<byte> pixels)
    {
        if (index < _train.Count)
        {
            _train.Read(index, pixels);
        }
        else
        {
            _unlabelled!.Read(index - _train.Count, pixels);
        }
    }

    /// <summary>Reads a test image; see <see cref="PixelReader"/>.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    public void ReadTest(int index, Span<byte> pixels) => _test.Read(index, pixels);

    /// <summary>A number that changes when the file of a training image does, as far as its length and time of writing tell.</summary>
    public ulong VersionOfTrain(int index) => (index < _train.Count ? _train : _unlabelled!).Version;

    /// <summary>Likewise of a test image.</summary>
    public ulong VersionOfTest() => _test.Version;

    /// <summary>The first images, each read when it is needed. The files stay open.</summary>
    /// <param name="trainImages">How many training images, at most as many as there are.</param>
    /// <param name="testImages">How many test images, likewise.</param>
    public ImageData OnDemand(int trainImages, int testImages)
    {
        return new ImageData(Name, Set(trainImages, TrainLabels, ReadTrain), Set(testImages, TestLabels, ReadTest));

        ImageSet Set(int count, int[] labels, PixelReader read) => new(new PixelsOnDemand(count, ImageSet.BytesAt(_size), read), labels[..count], ClassNames, _size);
    }

    /// <summary>Reads the first images into memory, on all processors.</summary>
    /// <param name="trainImages">How many training images, at most as many as there are and fit into memory.</param>
    /// <param name="testImages">How many test images, likewise.</param>
    /// <param name="loading">Told of each image; ends the reading where that is cancelled.</param>
    /// <exception cref="DataException">An image cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ImageData Load(int trainImages, int testImages, LoadingProgress? loading = null)
    {
        loading?.Expect((long)trainImages + testImages);
        return new ImageData(Name, Set(trainImages, TrainLabels, ReadTrain), Set(testImages, TestLabels, ReadTest));

        ImageSet Set(int count, int[] labels, PixelReader read)
        {
            int bytes = ImageSet.BytesAt(_size);
            byte[] pixels = new byte[count * bytes];
            ReadAll(count, i =>
            {
                read(i, pixels.AsSpan(i * bytes, bytes));
                loading?.Count();
            }, loading?.Cancellation ?? CancellationToken.None);
            return new ImageSet(pixels, labels[..count], ClassNames, _size);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _train?.Dispose();
        _test?.Dispose();
        _unlabelled?.Dispose();
    }

    private static void ReadAll(int count, Action<int> read, CancellationToken cancellation)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation }, read);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]); // the first image that cannot be read
        }
    }
}
