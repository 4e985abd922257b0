using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>
/// Finds out how a folder of images is laid out: <c>train</c> and <c>test</c> (or <c>val</c>, <c>valid</c> or <c>validation</c>), each with class folders or without;
/// class folders; or images without labels, right in the folder or in folders of any depth. A folder <c>unlabeled</c> or <c>unlabelled</c> beside these holds images without labels. Without a test folder every fifth image, of each class if there are
/// classes, by ordinal order of the names, is a test image. A folder in which there is only another folder stands for that one.
/// </summary>
/// <remarks>Classes are the folders of the first level, numbered by ordinal order of their names; the images of a class may lie deeper.</remarks>
/// <param name="directory">The folder.</param>
/// <param name="labels">Whether the names of folders are classes.</param>
/// <param name="scan">Looks through the folder.</param>
internal sealed class ImageFolderReader(string directory, FolderLabels labels, ImageTreeScan scan)
{
    private const int FilesPerTestFile = 5;

    private readonly SameFiles _files = new(directory, scan);
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
        while (tree is { Images.Count: 0, Folders: [var only] } && !IsUnlabelled(only) && (labels != FolderLabels.Folders || only.Folders.Count > 0))
        {
            tree = only;
        }
        if (tree.Find(FolderNames.Train) is { } train && tree.Find(FolderNames.Tests) is var test && IsDivided(tree, train, test))
        {
            ImageTree[] unlabelled = [.. tree.Folders.Where(IsUnlabelled)];
            Unused(tree, [train, .. unlabelled, .. test is null ? (ImageTree[])[] : [test]]);
            return test is null ? Divide(train, unlabelled) : Pair(train, test, unlabelled);
        }
        return tree is { Images.Count: 0, Folders.Count: > 1 } && ClassFolders(tree) is { Length: > 0 } folders && folders.All(folder => FolderNames.IsOneOf(folder.Name, FolderNames.Tests))
            ? throw new DataException($"{tree.Path}: folders {Names(tree.Folders)}, but no folder train; wanted one with the images to train on.")
            : Divide(tree, []);
    }

    /// <summary>Whether a folder called train holds the training images. A class may be called so, too: with folders beside it that are no test images, it holds classes or is one.</summary>
    private static bool IsDivided(ImageTree tree, ImageTree train, ImageTree? test) =>
        test is not null || HasClasses(train) || ClassFolders(tree).Length == 1;

    /// <summary>The images of one folder, of which some become test images, and images without labels from other folders, which are only trained on.</summary>
    private ImageFolder Divide(ImageTree tree, ImageTree[] unlabelled)
    {
        bool hasClasses = labels == FolderLabels.Folders || (labels == FolderLabels.Auto && HasClasses(tree));
        FolderPart part = Part(tree, hasClasses), more = new([], [.. unlabelled.SelectMany(Sorted)]);
        Func<string, bool> isTaken = _files.Take(part.Labelled, part.Unlabelled, more.Unlabelled);
        (part, more) = (part.Where(isTaken), more.Where(isTaken));
        if (hasClasses)
        {
            part = part with { Classes = [.. part.Classes.Where(images => images.Paths.Count > 0)] };
            if (part.Classes.All(images => images.Paths.Count < FilesPerTestFile))
            {
                throw new DataException(
                    $"{tree.Path}: no class has {FilesPerTestFile} images, so taking every fifth gives no test images; wanted more, or folders train and test.");
            }
            more = new([], [.. part.Unlabelled, .. more.Unlabelled]);
            part = part with { Unlabelled = [] };
        }
        else if (part.Unlabelled.Count < FilesPerTestFile)
        {
            throw new DataException($"{tree.Path}: too few images ({part.Unlabelled.Count}); at least {FilesPerTestFile} are wanted, of which every fifth is a test image, or folders train and test.");
        }
        string alone = more.Unlabelled.Count == 0 ? ""
            : $"; {Images(more.Unlabelled.Count)} without labels ({Places(hasClasses ? [tree] : [], unlabelled)}), for training alone";
        FolderPart train = Every(i => !IsTest(i)), test = Every(IsTest);
        return Create(
            train with { Unlabelled = [.. train.Unlabelled, .. more.Unlabelled] },
            test,
            Within(tree) + (hasClasses
                ? $"{part.Classes.Count} class folders; every fifth image of a class is a test image{alone}"
                : $"images without labels{Depth(tree)}; every fifth image is a test image{alone}"));

        FolderPart Every(Predicate<int> isWanted) => new(
            [.. part.Classes.Select(images => images with { Paths = [.. images.Paths.Where((_, i) => isWanted(i))] })], [.. part.Unlabelled.Where((_, i) => isWanted(i))]);

        static bool IsTest(int index) => index % FilesPerTestFile == FilesPerTestFile - 1;
    }

    /// <summary>The images of a folder for training and one for tests, and images without labels from other folders for training.</summary>
    private ImageFolder Pair(ImageTree train, ImageTree test, ImageTree[] unlabelled)
    {
        bool hasClasses = labels == FolderLabels.Folders || (labels == FolderLabels.Auto && ((HasClasses(train) && HasClasses(test)) || HaveSameClasses(train, test)));
        FolderPart ofTest = Part(test, hasClasses), ofTrain = Part(train, hasClasses);
        ofTrain = ofTrain with { Unlabelled = [.. ofTrain.Unlabelled, .. unlabelled.SelectMany(Sorted)] };
        Func<string, bool> isTaken = _files.Take(ofTest.Labelled, ofTest.Unlabelled, ofTrain.Labelled, ofTrain.Unlabelled); // an image of both is for tests, so that what is tested was not trained on
        (ofTest, ofTrain) = (ofTest.Where(isTaken), ofTrain.Where(isTaken));
        if (!ofTrain.Labelled.Any() && ofTrain.Unlabelled.Count == 0)
        {
            throw new DataException($"{train.Path}: the images are those of {test.Path}, through links; wanted others to train on.");
        }
        string both = $"{Within(train)}training images{(unlabelled.Length > 0 && !hasClasses ? $", also in {Names(unlabelled)}," : ",")} and test images in {test.Name}";
        if (!hasClasses)
        {
            string other = HasClasses(train) ? $", since {test.Name} has {WhyNoClasses(test)}" : HasClasses(test) ? $", since the training images have {WhyNoClasses(train)}" : "";
            return Create(ofTrain, ofTest, $"{both}, without labels{(labels == FolderLabels.Auto ? other : "")}");
        }
        foreach ((FolderPart has, ImageTree hasTree, FolderPart lacks, ImageTree lacksTree) in new[] { (ofTrain, train, ofTest, test), (ofTest, test, ofTrain, train) })
        {
            string? odd = has.Classes.Select(images => images.Name).Except(lacks.Classes.Where(images => images.Paths.Count > 0).Select(images => images.Name)).FirstOrDefault();
            bool isEmptyTest = lacksTree == test && test.EmptyFolders.Contains(odd); // what there are no images of cannot be tested, and the summary of the images says so
            if (odd is not null && !isEmptyTest)
            {
                throw new DataException($"{lacksTree.Path}: no images of a class folder '{odd}', which {hasTree.Path} has; wanted the same classes in both.");
            }
        }
        ILookup<string, FolderClass> byName = ofTest.Classes.ToLookup(images => images.Name);
        ofTest = ofTest with { Classes = [.. ofTrain.Classes.Select(images => byName[images.Name].FirstOrDefault() ?? new(images.Name, []))] };
        string others = (ofTrain.Unlabelled.Count, ofTest.Unlabelled.Count) switch
        {
            (0, 0) => "",
            (var trained, 0) => $"; {Images(trained)} without labels ({Places([train], unlabelled)}), for training alone",
            (var trained, var tested) => $"; {Images(trained)} for training and {tested:n0} for tests without labels ({Places([train, test], unlabelled)})",
        };
        return Create(ofTrain, ofTest, $"{both}, in {ofTrain.Classes.Count} class folders each{others}");
    }

    private ImageFolder Create(FolderPart train, FolderPart test, string reading) => new(
        directory,
        train.Entries(),
        test.Entries(),
        [.. train.Classes.Select(images => images.Name)],
        $"{directory} was read as {reading}.",
        [.. scan.LeftOut, .. _unused, .. _files.LeftOut]);

    private static bool HasClasses(ImageTree tree) => tree.Images.Count == 0 && ClassFolders(tree).Length > 1;

    /// <summary>What a folder has in place of two class folders and nothing beside them.</summary>
    private static string WhyNoClasses(ImageTree tree) => ClassFolders(tree).Length switch { 0 => "no class folders", 1 => "only one class folder", _ => "images beside the class folders" };

    /// <summary>Whether the folders for training and for tests have the same folders in them, two at least. These are classes then, even if there are images beside them.</summary>
    private static bool HaveSameClasses(ImageTree train, ImageTree test)
    {
        string[] ofTrain = [.. ClassFolders(train).Select(folder => folder.Name)], ofTest = [.. ClassFolders(test).Select(folder => folder.Name)];
        return ofTrain.Length > 1 && ofTest.Length > 1 && ofTest.All(ofTrain.Contains) && ofTrain.All(name => ofTest.Contains(name) || test.EmptyFolders.Contains(name));
    }

    /// <summary>The folders in a folder that may be classes: all but those for images without labels.</summary>
    private static ImageTree[] ClassFolders(ImageTree tree) => [.. tree.Folders.Where(folder => !IsUnlabelled(folder))];

    private static bool IsUnlabelled(ImageTree folder) => FolderNames.IsOneOf(folder.Name, FolderNames.Unlabelled);

    /// <summary>The images of a folder: those of its class folders with labels if there are classes, all others without.</summary>
    private static FolderPart Part(ImageTree tree, bool hasClasses)
    {
        if (!hasClasses)
        {
            return new([], Sorted(tree));
        }
        ImageTree[] folders = ClassFolders(tree);
        return folders.Length > 1
            ? new([.. folders.Select(folder => new FolderClass(folder.Name, Sorted(folder)))], [.. tree.Images, .. tree.Folders.Where(IsUnlabelled).SelectMany(Sorted)])
            : throw new DataException(
                $"{tree.Path}: {(folders.Length == 0 ? "no class folders" : $"only one class folder, '{folders[0].Name}'")}; wanted two at least, each with images of a class, because labels is folders.");
    }

    /// <summary>All images of a folder, in the order of their paths with slashes: a backslash, which comes after digits and capitals, would give other test images on Windows.</summary>
    private static string[] Sorted(ImageTree tree) => [.. tree.All.OrderBy(path => path.Replace(Path.DirectorySeparatorChar, '/'), StringComparer.Ordinal)];

    /// <summary>Where images without labels are: beside the class folders of folders, or in folders of their own.</summary>
    private static string Places(ImageTree[] classed, ImageTree[] unlabelled)
    {
        string[] names = [.. classed.SelectMany(tree => tree.Folders.Where(IsUnlabelled)).Concat(unlabelled).Select(folder => folder.Name).Distinct()];
        IEnumerable<string> places = [.. names.Length > 0 ? [$"in {string.Join(" and ", names)}"] : (string[])[], .. classed.Any(tree => tree.Images.Count > 0) ? ["beside the class folders"] : (string[])[]];
        return string.Join(" and ", places);
    }

    private static string Images(int count) => count == 1 ? "1 image" : $"{count:n0} images";

    private void Unused(ImageTree tree, ImageTree[] used) =>
        _unused.AddRange(tree.Images.Concat(tree.Folders.Except(used).SelectMany(folder => folder.All)).Select(Unused));

    private LeftOutFile Unused(string path) => new(Path.GetRelativePath(directory, path).Replace(Path.DirectorySeparatorChar, '/'), LeftOutReason.Unused);

    private string Within(ImageTree tree) => Path.GetRelativePath(directory, tree.Path) is "." ? "" : $"{Path.GetRelativePath(directory, tree.Path)} in it: ";

    private static string Depth(ImageTree tree) => tree.Folders.Count == 0 ? "" : tree.Images.Count == 0 ? ", in folders within" : ", here and in folders within";

    private static string Because(IReadOnlyList<LeftOutFile> leftOut) => LeftOutFile.Describe(leftOut) is { } what ? $" {what}" : "";

    private static string Names(IEnumerable<ImageTree> folders) => string.Join(" and ", folders.Select(folder => folder.Name));
}

/// <summary>Whether the names of the folders that images are in are their classes.</summary>
internal enum FolderLabels
{
    /// <summary>They are if there are two at least and no images beside them.</summary>
    Auto,

    /// <summary>They are; images beside them have no labels.</summary>
    Folders,

    /// <summary>They are not.</summary>
    None,
}
