namespace ErLoss.Package.Tests;

/// <summary>A project anywhere under the root that asks for nothing gets the library in its output folder made loadable.</summary>
[Platform("Linux")]
public class ProjectOfItsOwnTests
{
    private const string NotALibrary = "not an ELF file, though GLIBCXX_3.4.32 stands in it";

    private string _folder = "";
    private byte[] _original = [];
    private Snapshot _library, _text, _libraryLater, _textLater;

    [OneTimeSetUp]
    public void Build()
    {
        _original = File.ReadAllBytes(TorchSharpLibrary.InPackageCache);
        _folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", $"project-of-its-own-{Guid.NewGuid():N}")).FullName;
        File.WriteAllText(Path.Combine(_folder, "text.so"), NotALibrary);
        File.WriteAllText(ProjectFile, $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
              </PropertyGroup>
              <ItemGroup>
                <None Include="{TorchSharpLibrary.InPackageCache}" Link="native/{TorchSharpLibrary.FileName}" />
                <None Include="text.so" Link="text/{TorchSharpLibrary.FileName}" />
                <None Update="@(None)" CopyToOutputDirectory="PreserveNewest" />
              </ItemGroup>
            </Project>
            """);
        Run("build", "-c", "Release", ProjectFile);
        (_library, _text) = (Snapshot.Of(LibraryIn("native")), Snapshot.Of(LibraryIn("text")));
        BuildAgain();
        (_libraryLater, _textLater) = (Snapshot.Of(LibraryIn("native")), Snapshot.Of(LibraryIn("text")));
    }

    /// <summary>Builds it once more, and into the folders left-alone and always as their properties say, in one process, since the start of one takes most of a second.</summary>
    private void BuildAgain()
    {
        string all = Path.ChangeExtension(_folder, "proj");
        string[] each = ["Again=true", $"OutputPath={Path.Combine(_folder, "left-alone")}/;AllowOlderLibstdcxx=false", $"OutputPath={Path.Combine(_folder, "always")}/;AllowOlderLibstdcxx=always"];
        File.WriteAllText(all, $"""
            <Project>
              <Target Name="Build">
                {string.Join("\n    ", each.Select(properties => $"<MSBuild Projects=\"{ProjectFile}\" Properties=\"Configuration=Release;{properties}\" />"))}
              </Target>
            </Project>
            """);
        try
        {
            Run("msbuild", all);
        }
        finally
        {
            File.Delete(all);
        }
    }

    [OneTimeTearDown]
    public void DeleteFolder()
    {
        if (_folder.Length > 0)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Test]
    public void LibraryComesOutWithTheNeedWeakAndAllOtherBytesEqual()
    {
        Assert.That(_library.Bytes.AsSpan().SequenceEqual(TorchSharpLibrary.AsBuilt(_original)));
        Assert.That(_library.Bytes.AsSpan().SequenceEqual(_original), Is.EqualTo(TorchSharpLibrary.SystemHasVersion));
    }

    [Test]
    public void LibraryKeepsTheTimeOfTheOriginal() =>
        Assert.That(_library.Written, Is.EqualTo(File.GetLastWriteTimeUtc(TorchSharpLibrary.InPackageCache)));

    [Test]
    public void OriginalIsLeftAlone() =>
        Assert.That(File.ReadAllBytes(TorchSharpLibrary.InPackageCache).AsSpan().SequenceEqual(_original));

    [Test]
    public void SecondBuildChangesNothing()
    {
        Assert.That(_libraryLater.Bytes.AsSpan().SequenceEqual(_library.Bytes));
        Assert.That(_libraryLater.Written, Is.EqualTo(_library.Written));
        Assert.That(_textLater.Written, Is.EqualTo(_text.Written));
    }

    [Test]
    public void FileOfThatNameThatIsNoElfFileIsLeftAlone() =>
        Assert.That(_text.Bytes, Is.EqualTo(File.ReadAllBytes(Path.Combine(_folder, "text.so"))));

    [Test]
    public void NothingIsLeftBesideTheLibrary() => Assert.That(
        Directory.GetFiles(Path.GetDirectoryName(LibraryIn("native"))!).Select(Path.GetFileName), Is.EqualTo([TorchSharpLibrary.FileName]));

    [Test]
    public void LibraryIsLeftAloneWhereThePropertySaysSo() => Assert.That(
        File.ReadAllBytes(Path.Combine(_folder, "left-alone", "native", TorchSharpLibrary.FileName)).AsSpan().SequenceEqual(_original));

    [Test]
    public void NeedIsWeakOnAnySystemWhereThePropertySaysSo() => Assert.That(
        File.ReadAllBytes(Path.Combine(_folder, "always", "native", TorchSharpLibrary.FileName)).AsSpan()
            .SequenceEqual(TorchSharpLibrary.AsBuilt(_original, always: true)));

    private static void Run(params string[] arguments)
    {
        (int exitCode, string output) = Repository.Dotnet(arguments);
        Assert.That(exitCode, Is.Zero, output);
    }

    private string ProjectFile => Path.Combine(_folder, "OfItsOwn.csproj");

    private string LibraryIn(string folder) => Path.Combine(_folder, "bin", "Release", "net10.0", folder, TorchSharpLibrary.FileName);

    private readonly record struct Snapshot(byte[] Bytes, DateTime Written)
    {
        public static Snapshot Of(string path) => new(File.ReadAllBytes(path), File.GetLastWriteTimeUtc(path));
    }
}
