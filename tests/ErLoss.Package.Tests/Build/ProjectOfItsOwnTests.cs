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
    public void BuildTwice()
    {
        _original = File.ReadAllBytes(TorchSharpLibrary.InPackageCache);
        _folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", $"project-of-its-own-{Guid.NewGuid():N}")).FullName;
        File.WriteAllText(Path.Combine(_folder, "text.so"), NotALibrary);
        File.WriteAllText(Path.Combine(_folder, "OfItsOwn.csproj"), $"""
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
        (_library, _text) = Build();
        (_libraryLater, _textLater) = Build();
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
    public void LibraryIsLeftAloneWhereThePropertySaysSo()
    {
        string output = Path.Combine(_folder, "left-alone");
        Build("-o", output, "-p:AllowOlderLibstdcxx=false");
        Assert.That(
            File.ReadAllBytes(Path.Combine(output, "native", TorchSharpLibrary.FileName)).AsSpan().SequenceEqual(_original));
    }

    [Test]
    public void NeedIsWeakOnAnySystemWhereThePropertySaysSo()
    {
        string output = Path.Combine(_folder, "always");
        Build("-o", output, "-p:AllowOlderLibstdcxx=always");
        Assert.That(
            File.ReadAllBytes(Path.Combine(output, "native", TorchSharpLibrary.FileName)).AsSpan()
                .SequenceEqual(TorchSharpLibrary.AsBuilt(_original, always: true)));
    }

    private (Snapshot Library, Snapshot Text) Build(params string[] arguments)
    {
        (int exitCode, string output) = Repository.Dotnet(["build", "-c", "Release", Path.Combine(_folder, "OfItsOwn.csproj"), .. arguments]);
        Assert.That(exitCode, Is.Zero, output);
        return (Snapshot.Of(LibraryIn("native")), Snapshot.Of(LibraryIn("text")));
    }

    private string LibraryIn(string folder) => Path.Combine(_folder, "bin", "Release", "net10.0", folder, TorchSharpLibrary.FileName);

    private readonly record struct Snapshot(byte[] Bytes, DateTime Written)
    {
        public static Snapshot Of(string path) => new(File.ReadAllBytes(path), File.GetLastWriteTimeUtc(path));
    }
}
