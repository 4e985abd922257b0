namespace ErLoss.Training.Data;

/// <summary>
/// Lets one of several processes that want the same file of decoded images make it, while the others wait for it: ranks of a run, or cells of a study. It saves work and decides nothing. Where a
/// file system has no locks, each process makes the file, and the last one's stays.
/// </summary>
/// <remarks>The open handle of a file beside the cache is the turn. It ends with the process, however that ends.</remarks>
internal static class CacheTurn
{
    private const string Suffix = ".lock";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for the turn to make a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The turn, which is over when it is disposed; null where none can be had.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static IDisposable? Wait(string path, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
                return new FileStream(path + Suffix, new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    Options = FileOptions.DeleteOnClose,
                    BufferSize = 0,
                });
            }
            catch (IOException e) when (SaysInUse(e))
            {
                cancellation.WaitHandle.WaitOne(s_pause);
                cancellation.ThrowIfCancellationRequested();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null; // whoever writes the file says why that cannot be
            }
        }
    }

    /// <summary>Whether an error says that another process has a file: Windows' sharing violation, or the would-block of Linux and of macOS.</summary>
    private static bool SaysInUse(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;
}
