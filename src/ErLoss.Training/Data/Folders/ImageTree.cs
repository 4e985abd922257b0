namespace ErLoss.Training.Data;

/// <summary>A folder with the images in it, at any depth.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Images">The images right in it, by ordinal order of their names.</param>
/// <param name="Folders">The folders in it that have images, likewise.</param>
/// <param name="EmptyFolders">Names of the folders in it that have none.</param>
internal sealed record ImageTree(string Path, IReadOnlyList<string> Images, IReadOnlyList<ImageTree> Folders, IReadOnlyList<string> EmptyFolders)
{
    /// <summary>The folder's own name.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Whether it has no image, at no depth.</summary>
    public bool IsEmpty => Images.Count == 0 && Folders.Count == 0;

    /// <summary>All images in it: those right in it first, then those of each folder.</summary>
    public IEnumerable<string> All => Images.Concat(Folders.SelectMany(folder => folder.All));

    /// <summary>The folder of one of these names in it, in any case; null if there is none with images. The first name is looked for first.</summary>
    public ImageTree? Find(params IEnumerable<string> names) =>
        names.Select(name => Folders.FirstOrDefault(folder => folder.Name.Equals(name, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(folder => folder is not null);
}
