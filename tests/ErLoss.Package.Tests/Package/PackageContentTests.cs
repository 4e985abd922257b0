using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace ErLoss.Package.Tests;

/// <summary>What the package holds: all that belongs, nothing else, and nothing of the machine that built it.</summary>
public class PackageContentTests
{
    private static readonly string[] Frameworks = ["net10.0", "net8.0"];

    private static readonly XNamespace Nuspec = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd";

    [Test]
    public void FilesAreTheLibraryItsDocumentationTheReadmeAndTheTargets()
    {
        using ZipArchive package = PackedPackage.Open();
        Assert.That(
            FilesOf(package),
            Is.EquivalentTo([
                "ErLoss.Modules.nuspec",
                "README.md",
                "buildTransitive/ErLoss.Modules.targets",
                "buildTransitive/KeepArgumentsAlive.csx",
                "buildTransitive/KeepArgumentsAlive.targets",
                "buildTransitive/LibstdcxxCompatibility.csx",
                "buildTransitive/LibstdcxxCompatibility.targets",
                "lib/net10.0/ErLoss.Modules.dll",
                "lib/net10.0/ErLoss.Modules.xml",
                "lib/net8.0/ErLoss.Modules.dll",
                "lib/net8.0/ErLoss.Modules.xml",
            ]));
    }

    [Test]
    public void FilesOfTheSymbolPackageAreTheSymbols()
    {
        using ZipArchive symbols = PackedPackage.OpenSymbols();
        Assert.That(
            FilesOf(symbols),
            Is.EquivalentTo(["ErLoss.Modules.nuspec", "lib/net10.0/ErLoss.Modules.pdb", "lib/net8.0/ErLoss.Modules.pdb"]));
    }

    [Test]
    public void MetadataSaysWhatItIsAndNamesNoPlaceThatTheRepositoryDoesNot()
    {
        XElement metadata = ReadMetadata();
        Assert.That(
            metadata.Elements().Select(element => element.Name.LocalName),
            Is.EquivalentTo([
                "id", "version", "authors", "license", "licenseUrl", "readme", "description", "copyright", "tags", "repository", "dependencies",
            ]));
        Assert.Multiple(() =>
        {
            Assert.That(metadata.Element(Nuspec + "id")!.Value, Is.EqualTo("ErLoss.Modules"));
            Assert.That(metadata.Element(Nuspec + "authors")!.Value, Is.EqualTo("The ErLoss authors"));
            Assert.That(metadata.Element(Nuspec + "license")!.Value, Is.EqualTo("MIT"));
            Assert.That(metadata.Element(Nuspec + "readme")!.Value, Is.EqualTo("README.md"));
            Assert.That(metadata.Element(Nuspec + "description")!.Value, Does.Contain("entropy-reconstruction").And.Contain("TorchSharp"));
            Assert.That(metadata.Element(Nuspec + "tags")!.Value.Split(' '), Does.Contain("torchsharp"));

            // GitHub's own builds know where the sources are; no other build says.
            Assert.That(metadata.Element(Nuspec + "repository")!.Attribute("url")?.Value, Is.Null.Or.StartsWith("https://github.com/"));
        });
    }

    [Test]
    public void TheManagedTorchSharpIsTheOneDependencyOfBothFrameworks()
    {
        string version = TorchSharpLibrary.PackageVersion;
        Assert.That(
            from element in ReadMetadata().Descendants(Nuspec + "dependency")
            select (element.Parent!.Attribute("targetFramework")!.Value, element.Attribute("id")!.Value, element.Attribute("version")!.Value),
            Is.EquivalentTo(Frameworks.Select(framework => (framework, "TorchSharp", version))));
    }

    [TestCaseSource(nameof(Frameworks))]
    public void EveryPublicTypeIsDocumented(string framework)
    {
        using ZipArchive package = PackedPackage.Open();
        using Stream file = package.GetEntry($"lib/{framework}/ErLoss.Modules.xml")!.Open();
        IEnumerable<string> documented = XDocument.Load(file).Descendants("member").Select(member => member.Attribute("name")!.Value);
        Assert.That(
            typeof(EntropyReconstructionLoss).Assembly.GetExportedTypes().Select(type => $"T:{type.FullName}"),
            Is.SubsetOf(documented));
    }

    [TestCaseSource(nameof(Frameworks))]
    public void LibraryIsDeterministicAndNamesItsSymbolsByNoPathOfTheMachine(string framework)
    {
        using ZipArchive package = PackedPackage.Open();
        using var library = new PEReader(Read(package, $"lib/{framework}/ErLoss.Modules.dll"));
        DebugDirectoryEntry[] entries = [.. library.ReadDebugDirectory()];
        Assert.That(entries.Select(entry => entry.Type), Does.Contain(DebugDirectoryEntryType.Reproducible));
        DebugDirectoryEntry symbols = entries.Single(entry => entry.Type == DebugDirectoryEntryType.CodeView);
        Assert.That(library.ReadCodeViewDebugDirectoryData(symbols).Path, Does.StartWith("/_"));
    }

    [TestCaseSource(nameof(Frameworks))]
    public void SymbolsNameTheirSourcesByNoPathOfTheMachine(string framework)
    {
        using ZipArchive symbols = PackedPackage.OpenSymbols();
        using var provider = MetadataReaderProvider.FromPortablePdbStream(Read(symbols, $"lib/{framework}/ErLoss.Modules.pdb"));
        MetadataReader reader = provider.GetMetadataReader();
        string[] sources = [.. reader.Documents.Select(document => reader.GetString(reader.GetDocument(document).Name))];
        Assert.That(sources, Has.Some.EndsWith("src/ErLoss.Modules/EntropyReconstructionLoss.cs"));
        Assert.That(sources, Has.All.StartsWith("/_"));
    }

    /// <summary>All entries but the envelope that every such archive has.</summary>
    private static string[] FilesOf(ZipArchive archive) =>
    [
        .. from entry in archive.Entries
           where entry.FullName is not ("[Content_Types].xml" or "_rels/.rels") && !entry.FullName.EndsWith(".psmdcp", StringComparison.Ordinal)
           select entry.FullName,
    ];

    private static XElement ReadMetadata()
    {
        using ZipArchive package = PackedPackage.Open();
        using Stream file = package.GetEntry("ErLoss.Modules.nuspec")!.Open();
        return XDocument.Load(file).Root!.Element(Nuspec + "metadata")!;
    }

    private static MemoryStream Read(ZipArchive archive, string entry)
    {
        using Stream file = archive.GetEntry(entry)!.Open();
        var copy = new MemoryStream();
        file.CopyTo(copy);
        copy.Position = 0;
        return copy;
    }
}
