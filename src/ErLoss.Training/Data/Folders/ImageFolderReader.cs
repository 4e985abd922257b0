using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>
/// Finds out how a folder of images is laid out: <c>train</c> and <c>test</c> (or <c>val</c>, <c>valid</c> or <c>validation</c>), each with class folders or without;
/// class folders; or images without labels, right in the folder or in folders of any depth. Without a test folder every fifth image, of each class if there are
/// classes, by ordinal order of the names, is a test image. A folder in which there is only another folder stands for that one.
/// </summary>
/// <remarks>Classes are the folders of the first level, numbered by ordinal order of their names; the images of a class may lie deeper.</remarks>
/// <param name="directory">The folder.</param>
/// <param name="labels">Whether the names of folders are classes.</param>
/// <param name="scan">Looks through the folder.</param>
internal sealed class ImageFolderReader(string directory, FolderLabels labels, ImageTreeScan scan)
{
    private const int FilesPerTestFile = 5;

    private static readonly string[] s_testFolders = ["test", "val", "valid", "validation"];

    private readonly List<LeftOutFile> _unused = [];

    /// <summary>Reads the layout of a folder.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="labels">Whether the names of folders are classes.</param>
    /// <param name="skipsUnreadable">Whether a folder that cannot be read is left out; it is an error otherwise.</param>
    /// <param name="cancellation">Heeded at each file.</param>
    /// <exception cref="DataException">There are no images or too few, the layout contradicts itself, or a folder cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ImageFolder Read(string directory, FolderLabels labels = FolderLabels.Auto, bool skipsUnreadable = false, CancellationToken cancellation = default) =>
        new ImageFolderReader(directory, labels, new ImageTreeScan(directory, skipsUnreadable, cancellation)).Read();

    private ImageFolder Read()
    {
        ImageTree tree = scan.Run();
        if (tree.IsEmpty)
        {
            throw new DataException($"{directory}: no images ({ImageFormats.Names}) here or in the folders within.{Because(scan.LeftOut)}");
        }
        while (tree is { Images.Count: 0, Folders: [var only] } && !IsNamed(only, "train") && (labels != FolderLabels.Folders || only.Folders.Count > 0))
        {
            tree = only;
        }
        if (tree.Find("train") is { } train && tree.Find(s_testFolders) is var test && IsDivided(tree, train, test))
        {
            Unused(tree, [train, .. test is null ? (ImageTree[])[] : [test]]);
            return test is null ? Divide(train) : Pair(train, test);
        }
        return tree.Images.Count == 0 && tree.Folders.Count > 1 && tree.Folders.All(folder => s_testFolders.Any(name => IsNamed(folder, name)))
            ? throw new DataException($"{tree.Path}: folders {Names(tree.Folders)}, but no folder train; wanted one with the images to train on.")
            : Divide(tree);
    }

    /// <summary>Whether a folder called train holds the training images. A class may be called so, too: with folders beside it that are no test images, it holds classes or is one.</summary>
    private static bool IsDivided(ImageTree tree, ImageTree train, ImageTree? test) =>
        test is not null || HasClasses(train) || tree.Folders.Count == 1;

    /// <summary>The images of one folder, of which some become test images.</summary>
    private ImageFolder Divide(ImageTree tree)
    {
        if (Classes(tree) is { } classes)
        {
            if (classes.All(images => images.Paths.Count < FilesPerTestFile))
            {
                throw new DataException(
                    $"{tree.Path}: no class has {FilesPerTestFile} images, so taking every fifth gives no test images; wanted more, or folders train and test.");
            }
            return Create(classes, classes, IsTrain, i => !IsTrain(i), $"{Within(tree)}{classes.Count} class folders; every fifth image of a class is a test image");
        }
        Class[] all = [Whole(tree)];
        if (all[0].Paths.Count < FilesPerTestFile)
        {
            throw new DataException($"{tree.Path}: too few images ({all[0].Paths.Count}); at least {FilesPerTestFile} are wanted, of which every fifth is a test image, or folders train and test.");
        }
        return Create(all, all, IsTrain, i => !IsTrain(i), $"{Within(tree)}images without labels{Depth(tree)}; every fifth image is a test image");

        static bool IsTrain(int index) => index % FilesPerTestFile != FilesPerTestFile - 1;
    }

    /// <summary>The images of a folder for training and one for tests.</summary>
    private ImageFolder Pair(ImageTree train, ImageTree test)
    {
        string both = $"{Within(train)}training images, and test images in {test.Name}";
        if (Classes(train) is not { } classes || Classes(test) is not { } testClasses)
        {
            string other = HasClasses(train) ? $", since {test.Name} has no class folders" : HasClasses(test) ? ", since the training images have no class folders" : "";
            return Create([Whole(train)], [Whole(test)], _ => true, _ => true, $"{both}, without labels{(labels == FolderLabels.Auto ? other : "")}");
        }
        foreach ((IReadOnlyList<Class> has, ImageTree hasTree, IReadOnlyList<Class> lacks, ImageTree lacksTree) in
            new[] { (classes, train, testClasses, test), (testClasses, test, classes, train) })
        {
            string? odd = has.Select(images => images.Name).Except(lacks.Select(images => images.Name)).FirstOrDefault();
            bool isEmptyTest = lacksTree == test && test.EmptyFolders.Contains(odd); // what there are no images of cannot be tested, and the summary of the images says so
            if (odd is not null && !isEmptyTest)
            {
                throw new DataException($"{lacksTree.Path}: no images of a class folder '{odd}', which {hasTree.Path} has; wanted the same classes in both.");
            }
        }
        ILookup<string, Class> byName = testClasses.ToLookup(images => images.Name);
        return Create(
            classes, [.. classes.Select(images => byName[images.Name].FirstOrDefault() ?? new(images.Name, []))], _ => true, _ => true, $"{both}, in {classes.Count} class folders each");
    }

    private ImageFolder Create(IReadOnlyList<Class> train, IReadOnlyList<Class> test, Predicate<int> inTrain, Predicate<int> inTest, string reading) => new(
        directory,
        Pick(train, inTrain),
        Pick(test, inTest),
        train is [{ Name: "" }] ? [] : [.. train.Select(images => images.Name)],
        $"{directory} was read as {reading}.",
        [.. scan.LeftOut, .. _unused]);

    private static ImageEntry[] Pick(IReadOnlyList<Class> classes, Predicate<int> wanted) =>
    [
        .. classes
            .SelectMany((images, label) => images.Paths.Where((_, i) => wanted(i)).Select((path, turn) => (path, label, turn)))
            .OrderBy(image => image.turn)
            .Select(image => new ImageEntry(image.path, image.label)),
    ];

    private static bool HasClasses(ImageTree tree) => tree.Images.Count == 0 && tree.Folders.Count > 1;

    /// <summary>The classes of a folder; null if its images have no labels.</summary>
    private List<Class>? Classes(ImageTree tree)
    {
        if (labels == FolderLabels.None || (labels == FolderLabels.Auto && !HasClasses(tree)))
        {
            return null;
        }
        if (tree.Folders.Count < 2)
        {
            throw new DataException(
                $"{tree.Path}: {(tree.Folders.Count == 0 ? "no class folders" : $"only one class folder, '{tree.Folders[0].Name}'")}; wanted two at least, each with images of a class, because labels is folders.");
        }
        _unused.AddRange(tree.Images.Select(Unused));
        return [.. tree.Folders.Select(folder => new Class(folder.Name, Sorted(folder)))];
    }

    private static Class Whole(ImageTree tree) => new("", Sorted(tree));

    /// <summary>All images of a folder, in the order of their paths with slashes: a backslash, which comes after digits and capitals, would give other test images on Windows.</summary>
    private static string[] Sorted(ImageTree tree) => [.. tree.All.OrderBy(path => path.Replace(Path.DirectorySeparatorChar, '/'), StringComparer.Ordinal)];

    private void Unused(ImageTree tree, ImageTree[] used) =>
        _unused.AddRange(tree.Images.Concat(tree.Folders.Except(used).SelectMany(folder => folder.All)).Select(Unused));

    private LeftOutFile Unused(string path) => new(Path.GetRelativePath(directory, path).Replace(Path.DirectorySeparatorChar, '/'), LeftOutReason.Unused);

    private string Within(ImageTree tree) => Path.GetRelativePath(directory, tree.Path) is "." ? "" : $"{Path.GetRelativePath(directory, tree.Path)} in it: ";

    private static string Depth(ImageTree tree) => tree.Folders.Count == 0 ? "" : tree.Images.Count == 0 ? ", in folders within" : ", here and in folders within";

    private static string Because(IReadOnlyList<LeftOutFile> leftOut) => LeftOutFile.Describe(leftOut) is { } what ? $" {what}" : "";

    private static bool IsNamed(ImageTree folder, string name) => folder.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static string Names(IEnumerable<ImageTree> folders) => string.Join(" and ", folders.Select(folder => folder.Name));

    /// <summary>Images of one class, or without labels under an empty name.</summary>
    private sealed record Class(string Name, IReadOnlyList<string> Paths);
}

/// <summary>Whether the names of the folders that images are in are their classes.</summary>
internal enum FolderLabels
{
    /// <summary>They are if there are two at least and no images beside them.</summary>
    Auto,

    /// <summary>They are; images beside them are left out.</summary>
    Folders,

    /// <summary>They are not.</summary>
    None,
}
