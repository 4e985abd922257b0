using ErLoss.SelfSupervised.IO;
using Microsoft.Win32.SafeHandles;

namespace ErLoss.Training.Data;

/// <summary>Tells whether a file is still what it was, as far as its length and the time of its last writing tell.</summary>
internal static class FileVersion
{
    /// <summary>A number that changes with the file; that of a link is its target's.</summary>
    /// <param name="path">Of the file.</param>
    /// <exception cref="DataException">It cannot be looked at.</exception>
    public static ulong Of(string path) => InputFile.Access(path, () =>
    {
        var file = new FileInfo(path);
        if (!file.Attributes.HasFlag(FileAttributes.ReparsePoint))
        {
            return Number(file.LastWriteTimeUtc, file.Length);
        }
        using SafeFileHandle target = File.OpenHandle(path); // of a link, the times and the length are its own
        return Number(File.GetLastWriteTimeUtc(target), RandomAccess.GetLength(target));

        static ulong Number(DateTime written, long length) => (ulong)(written.Ticks ^ (length << 32));
    });
}
