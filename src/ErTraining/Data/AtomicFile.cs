namespace ErTraining.Data;

/// <summary>Files that are either as they were or complete, also after a crash or a power cut.</summary>
internal static class AtomicFile
{
    /// <summary>
    /// Writes to a temporary file beside <paramref name="path"/> (its name and <c>.tmp</c>), flushes it to the disk and renames it over
    /// <paramref name="path"/>. If that fails, <paramref name="path"/> is untouched and the temporary file is gone.
    /// </summary>
    /// <param name="path">The file to create or replace, in an existing directory.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = path + ".tmp";
        var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
