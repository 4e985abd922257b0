namespace ErLoss.Training.Runs;

/// <summary>A folder, and those above it, that were made because they were missing, and that can be deleted again as long as nothing is in them.</summary>
internal sealed class CreatedFolder
{
    private readonly string _path;
    private readonly string? _firstMade; // the uppermost one; null if all were there

    /// <summary>Makes the folder if need be.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public CreatedFolder(string path)
    {
        _path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        for (string? folder = _path; folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
        {
            _firstMade = folder;
        }
        Directory.CreateDirectory(path);
    }

    /// <summary>Deletes what was made, from the innermost folder on, as far as it is empty.</summary>
    /// <exception cref="IOException">A folder cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder may not be deleted.</exception>
    public void DeleteIfEmpty()
    {
        string made = _path;
        while (_firstMade is not null && made.Length >= _firstMade.Length && !Directory.EnumerateFileSystemEntries(made).Any())
        {
            Directory.Delete(made);
            made = Path.GetDirectoryName(made)!;
        }
    }
}
