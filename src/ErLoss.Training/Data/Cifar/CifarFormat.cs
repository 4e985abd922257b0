namespace ErLoss.Training.Data;

/// <summary>The two layouts of CIFAR's binary files (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009).</summary>
/// <param name="Name">The data set's name.</param>
/// <param name="Folder">Name of the folder that the distributed archive unpacks to.</param>
/// <param name="TrainFiles">Names of the training files, in order.</param>
/// <param name="TestFile">Name of the test file.</param>
/// <param name="NamesFile">Name of the text file with a class name a line.</param>
/// <param name="LabelBytes">Label bytes at the start of a record; the last of them is the class.</param>
/// <param name="DefaultNames">The class names where the names file is missing.</param>
internal sealed record CifarFormat(
    string Name,
    string Folder,
    IReadOnlyList<string> TrainFiles,
    string TestFile,
    string NamesFile,
    int LabelBytes,
    IReadOnlyList<string> DefaultNames)
{
    /// <summary>CIFAR-10: a label byte, 0–9, and an image; up to five training files.</summary>
    public static CifarFormat Cifar10 { get; } = new(
        "CIFAR-10",
        "cifar-10-batches-bin",
        [.. Enumerable.Range(1, 5).Select(batch => $"data_batch_{batch}.bin")],
        "test_batch.bin",
        "batches.meta.txt",
        1,
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]);

    /// <summary>CIFAR-100: a byte for the coarse label, one for the fine label, 0–99, and an image.</summary>
    public static CifarFormat Cifar100 { get; } = new(
        "CIFAR-100",
        "cifar-100-binary",
        ["train.bin"],
        "test.bin",
        "fine_label_names.txt",
        2,
        [.. Enumerable.Range(0, 100).Select(label => $"class {label}")]);

    /// <summary>Height and width of an image, in pixels.</summary>
    public const int Size = 32;

    /// <summary>Bytes of an image.</summary>
    public const int ImageBytes = ImageSet.Channels * Size * Size;

    /// <summary>The most images that are read: their pixels share one array.</summary>
    public static int MaxCount => ImageSet.MaxCountAt(Size);

    /// <summary>Length of a record: its labels and an image.</summary>
    public int RecordBytes => LabelBytes + ImageBytes;

    /// <summary>All files that hold images.</summary>
    public IEnumerable<string> ImageFiles => TrainFiles.Append(TestFile);
}
