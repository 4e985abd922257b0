namespace ErLoss.Training.Data;

/// <summary>Finds where a path leads, with all links in it followed as the system follows them.</summary>
/// <remarks>
/// <see cref="FileSystemInfo.ResolveLinkTarget"/> does not: it takes ".." in the target of a link for the folder before it in the text, which is another one
/// where the link was come to through a link.
/// </remarks>
internal static class RealPath
{
    /// <summary>More links than this on one way are taken for a circle, as Linux does.</summary>
    private const int MostLinks = 40;

    /// <summary>Where a file or folder really is, whether it exists or not; null if its links lead in a circle or cannot be read.</summary>
    /// <param name="folder">The folder that it is in: its real path, or the root of one.</param>
    /// <param name="path">Its name in that folder, or its path from there.</param>
    public static string? Find(string folder, string path)
    {
        string place = folder;
        var rest = new Stack<string>();
        Push(rest, path);
        for (int links = 0; rest.TryPop(out string? name);)
        {
            if (name is "..")
            {
                place = Path.GetDirectoryName(place) ?? place;
                continue;
            }
            string next = Path.Combine(place, name);
            if (!TryReadLink(next, out string? target) || (target is not null && ++links > MostLinks))
            {
                return null;
            }
            if (target is null)
            {
                place = next;
                continue;
            }
            if (Path.IsPathRooted(target))
            {
                string root = Path.GetPathRoot(target)!;
                place = Path.IsPathFullyQualified(target) ? root : Path.GetPathRoot(place)!;
                target = target[root.Length..];
            }
            Push(rest, target);
        }
        return place;
    }

    /// <summary>Where a file or folder really is, by a path from the root.</summary>
    /// <param name="full">A full path.</param>
    public static string? Find(string full)
    {
        string root = Path.GetPathRoot(full)!;
        return Find(root, full[root.Length..]);
    }

    private static void Push(Stack<string> rest, string path)
    {
        string[] names = path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        foreach (string name in names.Where(name => name is not ".").Reverse())
        {
            rest.Push(name);
        }
    }

    private static bool TryReadLink(string path, out string? target)
    {
        try
        {
            target = new FileInfo(path).LinkTarget;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            target = null;
            return false;
        }
    }
}
