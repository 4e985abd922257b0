using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>The image files of a folder and of all folders within, with classes or without.</summary>
internal static class ImageFiles
{
    /// <summary>How the names of image files end.</summary>
    public static readonly string[] Extensions = [".png", ".jpg", ".jpeg"];

    private static readonly string[] s_splits = ["train", "test", "val", "valid", "validation"];

    /// <summary>
    /// Lists the files in ordinal order of their paths. Names that begin with a dot are passed over. The class of an image is the folder that it is in; a folder of the first level that is called
    /// as the parts of an image set are, such as <c>train</c>, is its split instead.
    /// </summary>
    /// <param name="folder">An existing folder.</param>
    /// <exception cref="DataException">A folder cannot be read.</exception>
    public static IEnumerable<ListedImage> In(string folder) => Files(folder, "", []).OrderBy(path => path, StringComparer.Ordinal).Select(Describe);

    private static ListedImage Describe(string path)
    {
        string[] parts = path.Split('/');
        bool isSplit = parts.Length > 1 && s_splits.Contains(parts[0], StringComparer.OrdinalIgnoreCase);
        return new ListedImage(path, string.Join('/', parts[(isSplit ? 1 : 0)..^1]), isSplit ? parts[0] : "");
    }

    /// <param name="folder">What is listed.</param>
    /// <param name="prefix">Its path from the folder where the listing began, with a slash at its end.</param>
    /// <param name="above">The folders that it is in, links resolved: a link to one of them would be followed for ever.</param>
    private static IEnumerable<string> Files(string folder, string prefix, HashSet<string> above)
    {
        string place = InputFile.Access(folder, () => new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(folder));
        if (above.Contains(place))
        {
            yield break;
        }
        foreach (string file in InputFile.Access(folder, () => Directory.GetFiles(folder)))
        {
            string name = Path.GetFileName(file);
            if (!name.StartsWith('.') && Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase))
            {
                yield return prefix + name;
            }
        }
        foreach (string inner in ImageFolderReader.FoldersIn(folder))
        {
            foreach (string file in Files(inner, $"{prefix}{Path.GetFileName(inner)}/", [.. above, place]))
            {
                yield return file;
            }
        }
    }
}
