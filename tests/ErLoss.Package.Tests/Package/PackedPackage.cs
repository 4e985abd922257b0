using System.IO.Compression;

namespace ErLoss.Package.Tests;

/// <summary>The package as it ships, packed once for the tests beside this, into a folder of its own outside the repository.</summary>
/// <remarks>Its version is one that no machine has seen, so that no package of another day can stand in for it.</remarks>
[SetUpFixture]
public class PackedPackage
{
    public static string Version { get; } = $"{LibraryVersion.Number}-test.{Guid.NewGuid():N}";

    public static string Folder { get; } = Path.Combine(Path.GetTempPath(), $"erloss-package-{Guid.NewGuid():N}");

    /// <summary>Where the package lies.</summary>
    public static string Feed { get; } = Path.Combine(Folder, "feed");

    public static ZipArchive Open() => ZipFile.OpenRead(PathOf("nupkg"));

    public static ZipArchive OpenSymbols() => ZipFile.OpenRead(PathOf("snupkg"));

    [OneTimeSetUp]
    public void Pack()
    {
        (int exitCode, string output) = Repository.Dotnet(
            "pack", "src/ErLoss.Modules", "-c", "Release", "--no-restore", "-o", Feed,
            $"-p:PackageVersion={Version}", $"-p:NuspecOutputPath={Path.Combine(Folder, "nuspec")}");
        Assert.That(exitCode, Is.Zero, output);
    }

    [OneTimeTearDown]
    public void DeleteFolder()
    {
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private static string PathOf(string extension) => Path.Combine(Feed, $"ErLoss.Modules.{Version}.{extension}");
}
