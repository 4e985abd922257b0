using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>The image files of a folder and of all folders within, with classes or without.</summary>
internal static class ImageFiles
{
    private static readonly string[] s_splits = ["train", "test", "val", "valid", "validation"];

    /// <summary>
    /// Lists the files that <see cref="ImageTreeScan"/> finds, in ordinal order of their paths. The class of an image is the folder that it is in; a folder of the first level that is called
    /// as the parts of an image set are, such as <c>train</c>, is its split instead.
    /// </summary>
    /// <param name="scan">Looks for images in the folder.</param>
    /// <param name="folder">The folder.</param>
    /// <exception cref="DataException">A folder cannot be read.</exception>
    public static IEnumerable<ListedImage> In(ImageTreeScan scan, string folder) =>
        scan.Run().All.Select(path => Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal).Select(Describe);

    private static ListedImage Describe(string path)
    {
        string[] parts = path.Split('/');
        bool isSplit = parts.Length > 1 && s_splits.Contains(parts[0], StringComparer.OrdinalIgnoreCase);
        return new ListedImage(path, string.Join('/', parts[(isSplit ? 1 : 0)..^1]), isSplit ? parts[0] : "");
    }
}
