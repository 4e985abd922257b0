using System.Runtime.InteropServices;

namespace ErLoss.SelfSupervised.IO;

/// <summary>Files that are either as they were or complete, also after a crash or a power cut.</summary>
internal static class AtomicFile
{
    /// <summary>The end of a temporary file's name.</summary>
    public const string TemporarySuffix = ".tmp";

    /// <summary>More links than this on one way are taken for a circle, as Linux does.</summary>
    private const int MostLinks = 40;

    /// <summary>
    /// Writes to a temporary file beside <paramref name="path"/> (its name and <c>.tmp</c>), flushes it to the disk and renames it over
    /// <paramref name="path"/>. If that fails, <paramref name="path"/> is untouched and the temporary file is gone. A symbolic link stays: the file that it leads to is replaced.
    /// </summary>
    /// <param name="path">The file to create or replace, in an existing directory.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="temporary">Another temporary file on the same file system, where several processes may write <paramref name="path"/> at once.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(string path, Action<Stream> write, string? temporary = null)
    {
        path = Target(path);
        temporary ??= path + TemporarySuffix;
        var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            Replace(temporary, path);
        }
        catch (Exception e)
        {
            File.Delete(temporary);
            if (e is ArgumentOutOfRangeException) // what .NET makes of the system's "file too large"
            {
                throw new IOException($"{path}: larger than the file system, or a limit on this process, allows", e);
            }
            throw;
        }

        FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Finds out whether a file could be written by <see cref="Write"/>, without a change of it: makes the temporary file and deletes it.</summary>
    /// <param name="path">The file that is to be created or replaced.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Try(string path)
    {
        var temporary = Target(path) + TemporarySuffix;
        new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None).Dispose();
        File.Delete(temporary);
    }

    /// <summary>The file that a symbolic link leads to, which need not exist; the path itself if it is no link.</summary>
    /// <exception cref="IOException">The links lead in a circle, or cannot be read.</exception>
    public static string Target(string path) => new FileInfo(path).LinkTarget is null ? path : RealPath(Path.GetFullPath(path), links: 0);

    /// <summary>A full path without links. That of the folder is found first, since the system takes ".." in the target of a link from there.</summary>
    private static string RealPath(string path, int links)
    {
        if (Path.GetDirectoryName(path) is not { } parent)
        {
            return path;
        }
        string folder = RealPath(parent, links), place = Path.Combine(folder, Path.GetFileName(path));
        return new FileInfo(place).LinkTarget is not { } target ? place
            : links < MostLinks ? RealPath(Path.GetFullPath(target, folder), links + 1)
            : throw new IOException($"{place}: symbolic links that lead in a circle");
    }

    /// <summary>Renames a file over another.</summary>
    /// <remarks>
    /// On Windows a file cannot be replaced while another program has it open, such as a virus scanner or a viewer that reloads it. Such programs soon let it go,
    /// so that a second of further attempts nearly always succeeds.
    /// </remarks>
    public static void Replace(string temporary, string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                File.Move(temporary, path, overwrite: true);
                return;
            }
            catch (Exception e) when (OperatingSystem.IsWindows() && attempt < 20 && (e is IOException or UnauthorizedAccessException))
            {
                Thread.Sleep(50);
            }
        }
    }

    /// <summary>Flushes the directory to the disk, so that a rename survives a power cut. Windows does this itself.</summary>
    private static void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS keeps a journal of names
        }

        var descriptor = Open(path, flags: 0);
        if (descriptor >= 0)
        {
            _ = Flush(descriptor); // some network file systems have no such call; the rename itself is done
            _ = Close(descriptor);
        }
    }

    [DllImport("libc", EntryPoint = "open")]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    private static extern int Flush(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
