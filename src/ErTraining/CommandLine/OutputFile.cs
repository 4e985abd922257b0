using ErLoss.SelfSupervised.IO;

namespace ErTraining.CommandLine;

/// <summary>The file, or files in a folder, that <c>--output</c> names: what stands against them becomes one clear line.</summary>
internal static class OutputFile
{
    /// <summary>Finds out before the work whether its result can be written, by writing an empty file beside it; makes the folders on the way.</summary>
    /// <exception cref="DataException">It cannot.</exception>
    public static void Prepare(string output)
    {
        if (Directory.Exists(output))
        {
            throw new DataException($"{output}: a folder; --output wants a file there.");
        }
        if (FileKind.Special(output) is { } kind)
        {
            throw new DataException($"{output}: {kind}, which a file would replace; --output wants a file."); // a superuser's /dev/null would be gone for the whole machine
        }
        Write(output, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!);
            AtomicFile.Try(output);
        });
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="DataException">It cannot be written.</exception>
    public static void Write(string output, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{output}: cannot be written to as --output: {e.Message}", e);
        }
    }
}
