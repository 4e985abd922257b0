using System.Text;
using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Settings;

namespace ErLoss.Training;

/// <summary>A file with the settings of a run, whole or partial. Relative paths in it are relative to its folder, so that they hold wherever the program is started.</summary>
internal static class SettingsFile
{
    private const int LongestFile = 1 << 16;

    /// <summary>The settings in a file; what it leaves out has its default.</summary>
    /// <exception cref="DataException">It cannot be read or is not sound; the message names the file and the setting.</exception>
    public static RunSettings Read(string path, Registry registry) => Parse(path, ReadText(path, registry), registry);

    /// <summary>The settings in a file's text.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="json">Its text.</param>
    /// <param name="registry">The kinds there are.</param>
    /// <exception cref="DataException">It is not sound; the message names the file and the setting.</exception>
    public static RunSettings Parse(string path, string json, Registry registry)
    {
        try
        {
            return FreshRun.Compose(registry, [], json);
        }
        catch (SettingsException e)
        {
            throw new DataException($"{path}: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw new DataException($"{path}: not the settings of a run: {e.Message}", e);
        }
    }

    /// <summary>Writes settings, replacing the file as a whole.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(string path, RunSettings settings, Registry registry) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(registry.Document.Write(
            registry.Document.WithPaths(settings, relative => Path.GetRelativePath(FolderOf(path), Path.GetFullPath(relative)).Replace(Path.DirectorySeparatorChar, '/'))))));

    /// <summary>A file's text, with paths as they are from the current folder.</summary>
    /// <exception cref="DataException">It cannot be read, or is too long to be settings.</exception>
    public static string ReadText(string path, Registry registry)
    {
        string text = ReadText(path);
        try
        {
            return registry.Document.WithPaths(text, relative => FromHere(Path.GetFullPath(Path.Combine(FolderOf(path), relative))));
        }
        catch (JsonException)
        {
            return text; // who takes it apart says what is wrong with it
        }
    }

    private static string FolderOf(string file) => Path.GetDirectoryName(Path.GetFullPath(file))!;

    /// <summary>A path as people write it: relative if it is below the current folder, else in full.</summary>
    private static string FromHere(string path) => Path.GetRelativePath(Environment.CurrentDirectory, path) is var relative && relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;

    /// <summary>A file's or a pipe's text, which is not read further than settings can be long.</summary>
    private static string ReadText(string path) => Directory.Exists(path) ? throw new DataException($"{path}: a folder; give the file of settings, such as the config.json of a run.") : InputFile.Access(path, () =>
    {
        using StreamReader reader = File.OpenText(path);
        char[] text = new char[LongestFile + 1];
        int length = reader.ReadBlock(text);
        return length > LongestFile ? throw new DataException($"{path}: not the settings of a run: more than {LongestFile:n0} characters.") : new string(text, 0, length);
    });
}
