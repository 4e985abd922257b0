namespace ErLoss.Training.Data;

/// <summary>Tells image sets that are not in a layout that is read, but nearly so, and says what to do.</summary>
internal static class UnsupportedLayout
{
    private static readonly string[] s_archives = [".tar.gz", ".tgz", ".tar", ".zip"];

    /// <summary>What CIFAR's Python versions are called: the folder that their archive makes, and the files in it.</summary>
    private static readonly (string Name, string Folder, string[] Files, string Binary)[] s_pickles =
    [
        ("CIFAR-10", "cifar-10-batches-py", ["data_batch_1", "test_batch", "batches.meta"], "cifar-10-binary.tar.gz"),
        ("CIFAR-100", "cifar-100-python", ["train", "test", "meta"], "cifar-100-binary.tar.gz"),
    ];

    /// <summary>What is there and what to do, in words that follow the name of the file or folder; null if it is none of the layouts known.</summary>
    /// <param name="path">A file or folder; it need not exist.</param>
    public static string? Describe(string path) =>
        File.Exists(path) ? IsArchive(path) ? $"an archive. {Unpack(path)}" : null
        : !Directory.Exists(path) ? null
        : Pickles(path) ?? Archive(path);

    private static bool IsArchive(string file) => s_archives.Any(end => file.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    private static string Unpack(string file) => IsOfPickles(Path.GetFileName(file))
        ? "It holds CIFAR's Python version; the binary version, an archive of the same page, is wanted, unpacked."
        : $"Unpack it ({(file.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) ? "unzip" : "tar -xf")} {file}) and give the folder that this makes.";

    private static bool IsOfPickles(string archive) => archive.StartsWith("cifar-", StringComparison.Ordinal) && archive.Contains("python", StringComparison.Ordinal);

    private static string? Pickles(string folder) =>
        (from version in s_pickles
         where new[] { folder, Path.Combine(folder, version.Folder) }.Any(at => version.Files.All(file => File.Exists(Path.Combine(at, file))))
         select $"the Python version of {version.Name}; the binary version is wanted. Its archive, {version.Binary}, is on the same page (https://www.cs.toronto.edu/~kriz/cifar.html); "
            + "give the folder that it unpacks to.").FirstOrDefault();

    /// <summary>A folder with nothing in it but archives.</summary>
    private static string? Archive(string folder) =>
        !Directory.EnumerateDirectories(folder).Any() && Directory.EnumerateFiles(folder).Where(IsArchive).Order(StringComparer.Ordinal).FirstOrDefault() is { } archive
            ? $"an archive is here, {Path.GetFileName(archive)}, and no images. {Unpack(archive)}"
            : null;
}
