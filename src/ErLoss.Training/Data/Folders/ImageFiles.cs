using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>The image files of a folder and of all folders within, with classes or without.</summary>
internal static class ImageFiles
{
    private static readonly string[] s_splits = [FolderNames.Train, .. FolderNames.Tests, .. FolderNames.Unlabelled];

    /// <summary>
    /// Lists the files that <see cref="ImageTreeScan"/> finds, in ordinal order of their paths; one that is come to on several ways is listed once. The class of an image is the folder that it
    /// is in; a folder of the first level that is called as the parts of an image set are, such as <c>train</c>, is its split instead. The images of a folder <c>unlabeled</c> have no class.
    /// </summary>
    /// <param name="scan">Looks for images in the folder.</param>
    /// <param name="folder">The folder.</param>
    /// <exception cref="DataException">A folder cannot be read.</exception>
    public static (ListedImage[] Images, IReadOnlyList<LeftOutFile> LeftOut) In(ImageTreeScan scan, string folder)
    {
        string[] all = [.. scan.Run().All.OrderBy(Relative, StringComparer.Ordinal)];
        var files = new SameFiles(folder, scan);
        ListedImage[] images = [.. all.Where(files.Take(all)).Select(Relative).Select(Describe)];
        return (images, [.. scan.LeftOut, .. files.LeftOut]);

        string Relative(string path) => Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
    }

    private static ListedImage Describe(string path)
    {
        string[] folders = path.Split('/')[..^1];
        string split = folders is [var first, ..] && FolderNames.IsOneOf(first, s_splits) ? first : "";
        string[] within = split.Length > 0 ? folders[1..] : folders;
        bool hasClass = !FolderNames.IsOneOf(split, FolderNames.Unlabelled) && !(within is [var second, ..] && FolderNames.IsOneOf(second, FolderNames.Unlabelled));
        return new ListedImage(path, hasClass ? string.Join('/', within) : "", split);
    }
}
