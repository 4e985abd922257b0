using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>The text file with a class name a line that stands beside an image set's binary files.</summary>
internal static class ClassNamesFile
{
    private const int Longest = 1 << 16;

    /// <summary>Reads the names.</summary>
    /// <param name="path">The file.</param>
    /// <param name="otherwise">The names if there is no such file; their number is that of the classes.</param>
    /// <param name="set">Name of the image set.</param>
    /// <exception cref="DataException">The file cannot be read, or has another number of names.</exception>
    public static IReadOnlyList<string> Read(string path, IReadOnlyList<string> otherwise, string set)
    {
        if (!File.Exists(path))
        {
            return otherwise;
        }

        InputFile.RequireFile(path);
        if (InputFile.Access(path, () => new FileInfo(path).Length) is > Longest and var length)
        {
            throw new DataException($"{path}: {length} bytes; wanted a text of {otherwise.Count} class names, a line each.");
        }

        string[] names = [.. InputFile.Access(path, () => File.ReadAllLines(path)).Select(line => line.Trim()).Where(line => line.Length > 0)];
        return names.Length == otherwise.Count
            ? names
            : throw new DataException($"{path}: {names.Length} class names; {set} has {otherwise.Count}, a line each.");
    }
}
