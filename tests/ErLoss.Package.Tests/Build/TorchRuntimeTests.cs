using System.Text.Json;

namespace ErLoss.Package.Tests;

/// <summary>One property picks the native runtime of everything that runs, and the library references none.</summary>
public class TorchRuntimeTests
{
    [TestCase("cpu")]
    [TestCase("cuda-linux")]
    [TestCase("cuda-windows")]
    public void OfTheProgramIsThePackageThatThePropertyNames(string runtime) =>
        Assert.That(RuntimePackages("ErTraining", $"-p:TorchRuntime={runtime}"), Is.EqualTo([($"TorchSharp-{runtime}", "0.107.0")]));

    [Test]
    public void OfTheProgramIsTheProcessorsWithoutTheProperty() =>
        Assert.That(RuntimePackages("ErTraining"), Is.EqualTo([("TorchSharp-cpu", "0.107.0")]));

    [Test]
    public void OfTheProgramIsNoneWhereThePropertySaysSo() => Assert.That(RuntimePackages("ErTraining", "-p:TorchRuntime=none"), Is.Empty);

    [Test]
    public void OfTheLibraryIsNone() => Assert.That(RuntimePackages("ErLoss.Modules", "-p:TorchRuntime=cuda-linux"), Is.Empty);

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
            Assert.That(packages.Select(package => package.GetProperty("Identity").GetString()), Is.EqualTo(["TorchSharp-cuda-linux"]));
            Assert.That(document.RootElement.GetProperty("Properties").GetProperty("TreatWarningsAsErrors").GetString(), Is.Not.EqualTo("true"));
            Assert.That(document.RootElement.GetProperty("Properties").GetProperty("EnforceCodeStyleInBuild").GetString(), Is.Not.EqualTo("true"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (string Name, string Version)[] RuntimePackages(string project, params string[] properties)
    {
        (int exitCode, string output) = Repository.Dotnet(["msbuild", $"src/{project}", "-getItem:PackageReference", .. properties]);
        Assert.That(exitCode, Is.Zero, output);
        using JsonDocument document = JsonDocument.Parse(output);
        return
        [
            .. from item in document.RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()
               let name = item.GetProperty("Identity").GetString()
               where name.StartsWith("TorchSharp-", StringComparison.Ordinal)
               select (name, item.GetProperty("VersionOverride").GetString()!),
        ];
    }
}
