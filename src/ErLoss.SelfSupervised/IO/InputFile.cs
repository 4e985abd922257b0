namespace ErLoss.SelfSupervised.IO;

/// <summary>Access to a user's files. An error of the operating system becomes a message of one line.</summary>
internal static class InputFile
{
    /// <summary>Returns what <paramref name="access"/> returns.</summary>
    /// <param name="path">The file or folder that is accessed.</param>
    /// <param name="access">Reads it, or asks about it.</param>
    /// <exception cref="DataException">It cannot be read; the message names it.</exception>
    public static T Access<T>(string path, Func<T> access)
    {
        try
        {
            return access();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>Refuses folders, and what would be read without end, or waited for: pipes, devices and sockets, and links to them.</summary>
    /// <param name="path">What is about to be opened.</param>
    /// <exception cref="DataException">It is one of these.</exception>
    public static void RequireFile(string path)
    {
        if (Directory.Exists(path))
        {
            throw new DataException($"{path}: a folder; wanted a file.");
        }
        if (FileKind.Special(path) is { } kind)
        {
            throw new DataException($"{path}: {kind}, which is not read; wanted a file.");
        }
    }

    /// <summary>The exception for a file that cannot be read.</summary>
    public static DataException Unreadable(string path, Exception cause) => CheckName(path) ?? new($"{path}: cannot be read ({cause.Message.TrimEnd('.')}); wanted a readable file.", cause);

    /// <summary>The exception for a name that .NET cannot open, since it is not UTF-8; null for all others.</summary>
    /// <remarks>.NET puts U+FFFD for each byte that is not UTF-8, and so asks the system for a file that is not there.</remarks>
    public static DataException? CheckName(string path) => path.Contains('\uFFFD', StringComparison.Ordinal) && !Path.Exists(path)
        ? new($"{path}: a name that is not in UTF-8 (Latin-1, perhaps), which .NET cannot open; rename it (the program convmv does so for whole folders).")
        : null;
}
