namespace ErLoss.Training.Data;

/// <summary>Tells image sets that are not in a layout that is read, but nearly so, and says what to do.</summary>
internal static class UnsupportedLayout
{
    private static readonly string[] s_archives = [".tar.gz", ".tgz", ".tar", ".zip"];

    private const string CifarPage = "https://www.cs.toronto.edu/~kriz/cifar.html", Stl10Page = "https://cs.stanford.edu/~acoates/stl10/";

    /// <summary>Versions of image sets for other programs: the folder that their archive makes, the files in it, and the archive that is wanted in its place.</summary>
    private static readonly (string Name, string For, string Folder, string[] Files, string Binary, string Page)[] s_versions =
    [
        ("CIFAR-10", "Python", "cifar-10-batches-py", ["data_batch_1", "test_batch", "batches.meta"], "cifar-10-binary.tar.gz", CifarPage),
        ("CIFAR-100", "Python", "cifar-100-python", ["train", "test", "meta"], "cifar-100-binary.tar.gz", CifarPage),
        ("STL-10", "Matlab", "stl10_matlab", ["train.mat", "test.mat"], "stl10_binary.tar.gz", Stl10Page),
    ];

    /// <summary>What is there and what to do, in words that follow the name of the file or folder; null if it is none of the layouts known.</summary>
    /// <param name="path">A file or folder; it need not exist.</param>
    public static string? Describe(string path) =>
        File.Exists(path) ? IsArchive(path) ? $"an archive. {Unpack(path)}" : null
        : !Directory.Exists(path) ? null
        : OtherVersion(path) ?? Archive(path);

    private static bool IsArchive(string file) => s_archives.Any(end => file.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    private static string Unpack(string file) => OtherArchive(Path.GetFileName(file)) is { } version
        ? $"It holds {version}; the binary version, an archive of the same page, is wanted, unpacked."
        : $"Unpack it ({(file.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) ? "unzip" : "tar -xf")} {file}) and give the folder that this makes.";

    /// <summary>Which version for another program an archive holds by its name; null if it is none of these.</summary>
    private static string? OtherArchive(string archive) =>
        archive.StartsWith("cifar-", StringComparison.Ordinal) && archive.Contains("python", StringComparison.Ordinal) ? "CIFAR's Python version"
        : archive.StartsWith("stl10_matlab", StringComparison.Ordinal) ? "STL-10's Matlab version" : null;

    private static string? OtherVersion(string folder) =>
        (from version in s_versions
         where new[] { folder, Path.Combine(folder, version.Folder) }.Any(at => version.Files.All(file => File.Exists(Path.Combine(at, file))))
         select $"the {version.For} version of {version.Name}; the binary version is wanted. Its archive, {version.Binary}, is on the same page ({version.Page}); "
            + "give the folder that it unpacks to.").FirstOrDefault();

    /// <summary>A folder with nothing in it but archives.</summary>
    private static string? Archive(string folder) =>
        !Directory.EnumerateDirectories(folder).Any() && Directory.EnumerateFiles(folder).Where(IsArchive).Order(StringComparer.Ordinal).FirstOrDefault() is { } archive
            ? $"an archive is here, {Path.GetFileName(archive)}, and no images. {Unpack(archive)}"
            : null;
}
