namespace ErLoss.Training.Runs;

/// <summary>A file by which one process at a time has a folder. The open handle is the lock; the existence of the file is not.</summary>
/// <remarks>
/// Where files that are open can be deleted (not on Windows), a process may get hold of a file that the one before it has just deleted, while a third one makes a new file of that name. So a file is
/// marked, by one byte, before it is deleted, and who finds the mark in what it has locked tries again.
/// </remarks>
internal sealed class FolderLock : IDisposable
{
    /// <summary>A file that is marked so often was left by a process that died before it could delete it.</summary>
    private const int Attempts = 100;

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Takes it, until disposed or until the process is no more.</summary>
    /// <param name="path">The file, in an existing folder.</param>
    /// <param name="open">Opens it for one process alone; null for how it is opened.</param>
    /// <exception cref="IOException">Another process has it, see <see cref="SaysInUse"/>, or the file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be made.</exception>
    public static FolderLock Take(string path, Func<string, FileStream>? open = null)
    {
        for (int attempt = 1; ; attempt++)
        {
            FileStream file = (open ?? Open)(path);
            if (file.Length == 0 || attempt == Attempts)
            {
                file.SetLength(0);
                return new FolderLock(file);
            }
            file.Dispose();
        }
    }

    /// <summary>Opens a lock file, made if need be, so that nobody else can.</summary>
    public static FileStream Open(string path) => new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);

    /// <summary>Makes a folder if need be, and takes it.</summary>
    /// <param name="folder">The folder to make.</param>
    /// <param name="path">The file, in that folder or in one above it.</param>
    /// <exception cref="IOException">Another process has it, see <see cref="SaysInUse"/>, or it cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static (CreatedFolder Folder, FolderLock Lock) MakeAndTake(string folder, string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return (new CreatedFolder(folder), Take(path));
            }
            catch (IOException e) when (attempt < Attempts && (e is DirectoryNotFoundException or FileNotFoundException || SaysExists(e)))
            {
                // Another process makes or deletes the folder at this moment.
            }
        }
    }

    /// <summary>Whether an error says that another process has a file: Windows' sharing violation, or the would-block of Linux and of macOS.</summary>
    public static bool SaysInUse(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;

    /// <summary>Whether an error says that something is there already: Windows' own, or EEXIST.</summary>
    private static bool SaysExists(IOException e) => e.HResult is unchecked((int)0x800700B7) or 17;

    /// <summary>Gives the folder back and deletes the file.</summary>
    public void DisposeAndDelete()
    {
        if (!OperatingSystem.IsWindows())
        {
            _file.SetLength(1);
            File.Delete(_file.Name);
        }
        _file.Dispose();
        if (OperatingSystem.IsWindows())
        {
            File.Delete(_file.Name); // which fails where another process has taken it by now
        }
    }

    /// <summary>Gives the folder back; the file stays.</summary>
    public void Dispose() => _file.Dispose();
}
