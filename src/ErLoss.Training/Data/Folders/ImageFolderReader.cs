using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>
/// Reads a folder of class folders of images: <c>train/CLASS/*</c> and <c>test/CLASS/*</c> (or <c>val</c>, <c>valid</c> or <c>validation</c>), or
/// <c>train/CLASS/*</c> or <c>CLASS/*</c> alone, of which every fifth image of a class, by ordinal order of the file names, is a test image.
/// </summary>
/// <remarks>
/// Classes are numbered by ordinal order of their names. Images come a class after the other in turn, each class's by ordinal order, so that the
/// first images of a set are of all classes. Files of other kinds are passed over, as are names that begin with a dot.
/// </remarks>
internal static class ImageFolderReader
{
    private const int FilesPerTestFile = 5;

    private static readonly string[] s_testFolders = ["test", "val", "valid", "validation"];

    /// <summary>Whether the directory has folders in it.</summary>
    /// <param name="directory">A path; it need not exist.</param>
    public static bool Recognizes(string directory) => Directory.Exists(directory) && FoldersIn(directory).Length > 0;

    /// <summary>Reads both splits, one image at a time.</summary>
    /// <param name="directory">The folder of the class folders, or of <c>train</c> and <c>test</c>.</param>
    /// <param name="decoding">How files become pixels.</param>
    /// <param name="mostTrainImages">The first so many training images are read, if there are more.</param>
    /// <param name="mostTestImages">The first so many test images are read, if there are more.</param>
    /// <param name="loading">Told of each image; ends the reading where that is cancelled.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="DataException">
    /// Fewer than two classes, a class without an image, different classes in the two splits, or a file that is not a sound image.
    /// </exception>
    public static ImageData Read(string directory, ImageDecoding decoding, int mostTrainImages = int.MaxValue, int mostTestImages = int.MaxValue, LoadingProgress? loading = null)
    {
        string trainFolder = Path.Combine(directory, "train");
        string? testFolder = s_testFolders.Select(name => Path.Combine(directory, name)).FirstOrDefault(Directory.Exists);
        if (!Recognizes(trainFolder) || testFolder is null)
        {
            ClassFolder[] all = ClassesIn(Recognizes(trainFolder) ? trainFolder : directory);
            if (all.All(folder => folder.Files.Length < FilesPerTestFile))
            {
                throw new DataException(
                    $"{directory}: no class has {FilesPerTestFile} images, so taking every fifth gives no test images; wanted more, or folders train and test.");
            }
            return Read(directory, decoding, all, IsTrain, all, i => !IsTrain(i), mostTrainImages, mostTestImages, loading);
        }

        ClassFolder[] train = ClassesIn(trainFolder), test = ClassesIn(testFolder);
        string[] trainNames = [.. train.Select(folder => folder.Name)], testNames = [.. test.Select(folder => folder.Name)];
        if (trainNames.Except(testNames).Concat(testNames.Except(trainNames)).FirstOrDefault() is { } odd)
        {
            string has = trainNames.Contains(odd) ? trainFolder : testFolder, lacks = has == trainFolder ? testFolder : trainFolder;
            throw new DataException($"{lacks}: no class folder '{odd}', which {has} has; wanted the same classes in both.");
        }
        return Read(directory, decoding, train, _ => true, test, _ => true, mostTrainImages, mostTestImages, loading);

        static bool IsTrain(int index) => index % FilesPerTestFile != FilesPerTestFile - 1;
    }

    private static ImageData Read(
        string directory, ImageDecoding decoding, ClassFolder[] train, Predicate<int> inTrain, ClassFolder[] test, Predicate<int> inTest, int mostTrainImages, int mostTestImages, LoadingProgress? loading)
    {
        (string, int)[] trainImages = Pick(train, inTrain, mostTrainImages), testImages = Pick(test, inTest, mostTestImages);
        loading?.Expect(trainImages.Length + testImages.Length);
        return new ImageData(
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory))),
            ReadSplit(directory, decoding, train, trainImages, loading),
            ReadSplit(directory, decoding, test, testImages, loading));
    }

    private static (string Path, int Label)[] Pick(ClassFolder[] classes, Predicate<int> wanted, int most) =>
    [
        .. classes
            .SelectMany((folder, label) => folder.Files.Where((_, i) => wanted(i)).Select((path, turn) => (path, label, turn)))
            .OrderBy(image => image.turn)
            .Take(most)
            .Select(image => (image.path, image.label)),
    ];

    private static ImageSet ReadSplit(string directory, ImageDecoding decoding, ClassFolder[] classes, (string Path, int Label)[] images, LoadingProgress? loading)
    {
        if (images.Length > ImageSet.MaxCount)
        {
            throw new DataException($"{directory}: {images.Length} images; at most {ImageSet.MaxCount} fit in memory.");
        }

        var decoder = new ImageDecoder(decoding);
        byte[] pixels = new byte[images.Length * ImageSet.ImageBytes];
        for (int i = 0; i < images.Length; i++)
        {
            decoder.Read(images[i].Path, pixels.AsSpan(i * ImageSet.ImageBytes, ImageSet.ImageBytes));
            loading?.Count();
        }
        return new ImageSet(pixels, [.. images.Select(image => image.Label)], [.. classes.Select(folder => folder.Name)]);
    }

    private static ClassFolder[] ClassesIn(string directory)
    {
        string[] folders = FoldersIn(directory);
        if (folders.Length < 2)
        {
            throw new DataException(
                $"{directory}: {(folders.Length == 0 ? "no class folders" : $"only one class folder, '{Path.GetFileName(folders[0])}'")}; wanted two at least, each with images of a class.");
        }
        return [.. folders.Select(folder => new ClassFolder(Path.GetFileName(folder), ImagesIn(folder)))];
    }

    private static string[] ImagesIn(string folder)
    {
        string[] files = Visible(folder, Directory.GetFiles);
        string[] images = [.. files.Where(file => ImageFormats.IsNamed(file))];
        return images.Length > 0
            ? images
            : throw new DataException($"{folder}: no images; wanted some in each class folder of {Path.GetDirectoryName(folder)}.");
    }

    /// <summary>The folders in a directory, in ordinal order; not those whose names begin with a dot.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    public static string[] FoldersIn(string directory) => Visible(directory, Directory.GetDirectories);

    private static string[] Visible(string directory, Func<string, string[]> list) =>
    [
        .. InputFile.Access(directory, () => list(directory)).Where(path => !Path.GetFileName(path).StartsWith('.')).Order(StringComparer.Ordinal),
    ];

    private sealed record ClassFolder(string Name, string[] Files);
}
