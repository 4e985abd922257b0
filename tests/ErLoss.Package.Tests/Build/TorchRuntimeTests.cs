using System.Text.Json;

namespace ErLoss.Package.Tests;

/// <summary>One property picks the native runtime of everything that runs, and the library references none.</summary>
public class TorchRuntimeTests
{
    /// <summary>Projects with values of the property, or without it.</summary>
    private static readonly (string Project, string? Runtime)[] s_cases =
        [("ErTraining", "cpu"), ("ErTraining", "cuda-linux"), ("ErTraining", "cuda-windows"), ("ErTraining", null), ("ErTraining", "none"), ("ErLoss.Modules", "cuda-linux")];

    private readonly Dictionary<(string Project, string? Runtime), string[]> _packages = [];

    /// <summary>Evaluates all cases in one process, since the start of one takes most of a second.</summary>
    [OneTimeSetUp]
    public void Evaluate()
    {
        string folder = Directory.CreateTempSubdirectory("erloss-runtimes-").FullName, project = Path.Combine(folder, "cases.proj");
        try
        {
            IEnumerable<string> tasks = s_cases.Select((each, i) => $"""
                <MSBuild Projects="{Path.Combine(Repository.Root, "src", each.Project, $"{each.Project}.csproj")}" Targets="CollectPackageReferences" Properties="{(each.Runtime is null ? "" : $"TorchRuntime={each.Runtime}")}">
                  <Output TaskParameter="TargetOutputs" ItemName="Case{i}" />
                </MSBuild>
                <WriteLinesToFile File="{Path.Combine(folder, $"{i}")}" Lines="@(Case{i}->'%(Identity) %(VersionOverride)')" Overwrite="true" />
                """);
            File.WriteAllText(project, $"<Project><Target Name=\"Evaluate\">{string.Concat(tasks)}</Target></Project>");
            (int exitCode, string output) = Repository.Dotnet("msbuild", project);
            Assert.That(exitCode, Is.Zero, output);
            for (int i = 0; i < s_cases.Length; i++)
            {
                _packages[s_cases[i]] = File.ReadAllLines(Path.Combine(folder, $"{i}"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase("cpu")]
    [TestCase("cuda-linux")]
    [TestCase("cuda-windows")]
    public void OfTheProgramIsThePackageThatThePropertyNames(string runtime) =>
        Assert.That(RuntimePackages("ErTraining", runtime), Is.EqualTo([$"TorchSharp-{runtime} 0.107.0"]));

    [Test]
    public void OfTheProgramIsTheProcessorsWithoutTheProperty() =>
        Assert.That(RuntimePackages("ErTraining", null), Is.EqualTo(["TorchSharp-cpu 0.107.0"]));

    [Test]
    public void OfTheProgramIsNoneWhereThePropertySaysSo() => Assert.That(RuntimePackages("ErTraining", "none"), Is.Empty);

    [Test]
    public void OfTheLibraryIsNone() => Assert.That(RuntimePackages("ErLoss.Modules", "cuda-linux"), Is.Empty);

    [Test]
    public void OfAnUnknownNameFailsTheBuildAndSaysWhatIsWanted()
    {
        (int exitCode, string output) = Repository.Dotnet("build", "src/ErTraining", "-p:TorchRuntime=rocm");
        Assert.That(exitCode, Is.Not.Zero);
        Assert.That(output, Does.Contain("TorchRuntime is 'rocm'; it must be cpu, cuda-linux, cuda-windows or none."));
    }

    [Test]
    public void OfAProjectThatNamesOneItselfIsThatOneAndTheHousesStandardsAreNotForced()
    {
        string folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", $"guest-{Guid.NewGuid():N}")).FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "Guest.csproj"), """
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <OutputType>Exe</OutputType>
                    <TargetFramework>net10.0</TargetFramework>
                  </PropertyGroup>
                  <ItemGroup>
                    <PackageReference Include="TorchSharp-cuda-linux" />
                  </ItemGroup>
                </Project>
                """);
            (int exitCode, string output) = Repository.Dotnet(
                "msbuild", folder, "-getItem:PackageReference", "-getProperty:TreatWarningsAsErrors", "-getProperty:EnforceCodeStyleInBuild");
            Assert.That(exitCode, Is.Zero, output);
            using JsonDocument document = JsonDocument.Parse(output);
            JsonElement[] packages = [.. document.RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()];
            string[] runtimes = [.. packages.Select(package => package.GetProperty("Identity").GetString()!).Where(package => package.StartsWith("TorchSharp", StringComparison.Ordinal))];
            Assert.That(runtimes, Is.EqualTo(["TorchSharp-cuda-linux"]));
            Assert.That(document.RootElement.GetProperty("Properties").GetProperty("TreatWarningsAsErrors").GetString(), Is.Not.EqualTo("true"));
            Assert.That(document.RootElement.GetProperty("Properties").GetProperty("EnforceCodeStyleInBuild").GetString(), Is.Not.EqualTo("true"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string[] RuntimePackages(string project, string? runtime)
    {
        string[] packages = _packages[(project, runtime)];
        Assert.That(packages, Is.Not.Empty, "nothing was evaluated");
        return [.. packages.Where(package => package.StartsWith("TorchSharp-", StringComparison.Ordinal))];
    }
}
