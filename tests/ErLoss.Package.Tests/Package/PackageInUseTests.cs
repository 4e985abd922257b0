using System.Text.Json;

namespace ErLoss.Package.Tests;

/// <summary>The package in a project that knows nothing of this repository: it restores, compiles, and trains a small model.</summary>
/// <remarks>
/// The project takes packages from the sources that the machine has and from the folder the package lies in, uses what this repository
/// has restored already, and unpacks into a folder of its own,
/// one below the project, whose files the project must not take for its own.
/// </remarks>
public class PackageInUseTests
{
    private const int Rows = 8, Columns = 3;

    private const string Program = """
        using System.Text.Json;
        using ErLoss.Modules;
        using static TorchSharp.torch;

        manual_seed(0);
        var model = nn.Linear(5, 3);
        var loss = new EntropyReconstructionLoss(kappa: 10);
        var optimizer = optim.SGD(model.parameters(), 0.05);
        var example = randn(8, 5);
        var (view1, view2) = (example + 0.1 * randn(8, 5), example + 0.1 * randn(8, 5));
        for (int step = 0; step < 3; step++)
        {
            using var scope = NewDisposeScope();
            var (projection1, projection2) = (model.call(view1), model.call(view2));
            var value = loss.call(projection1, projection2);
            optimizer.zero_grad();
            value.backward();
            optimizer.step();
            Console.WriteLine(JsonSerializer.Serialize(new[] { [value.item<float>()], projection1.data<float>().ToArray(), projection2.data<float>().ToArray() }));
        }
        """;

    private string _folder = "";

    [OneTimeSetUp]
    public void Build()
    {
        _folder = Directory.CreateDirectory(Path.Combine(PackedPackage.Folder, "user")).FullName;
        File.WriteAllText(Path.Combine(_folder, "Program.cs"), Program);
        File.WriteAllText(Path.Combine(_folder, "User.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFrameworks>net8.0;net10.0</TargetFrameworks>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <!-- One system's natives, linked and not copied: they are hundreds of megabytes. -->
                <RuntimeIdentifier>$(NETCoreSdkPortableRuntimeIdentifier)</RuntimeIdentifier>
                <SelfContained>false</SelfContained>
                <UseAppHost>false</UseAppHost>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
                <RestoreAdditionalProjectSources>{PackedPackage.Feed}</RestoreAdditionalProjectSources>
                <RestoreAdditionalProjectFallbackFolders>{string.Join(';', RestoredPackages.Folders)}</RestoreAdditionalProjectFallbackFolders>
                <RestorePackagesPath>packages</RestorePackagesPath>
                <NuGetAudit>false</NuGetAudit>
                <!-- Of the program above they say nothing that this tests, and they take longer than the compilers. -->
                <RunAnalyzers>false</RunAnalyzers>
                <KeepTorchSharpArgumentsAlive Condition="'$(TargetFramework)' == 'net10.0'">true</KeepTorchSharpArgumentsAlive>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="ErLoss.Modules" />
                <PackageReference Include="TorchSharp-cpu" Condition="'$(TargetFramework)' == 'net10.0'" />
                <PackageReference Include="Mono.Cecil" GeneratePathProperty="true" ExcludeAssets="all" PrivateAssets="all" />
              </ItemGroup>
            </Project>
            """);

        // The versions that are restored already, so that nothing is downloaded again; beside them the package under test.
        File.WriteAllText(Path.Combine(_folder, "Directory.Packages.props"), $"""
            <Project>
              <Import Project="{Path.Combine(Repository.Root, "Directory.Packages.props")}" />
              <ItemGroup>
                <PackageVersion Include="ErLoss.Modules" Version="{PackedPackage.Version}" />
              </ItemGroup>
            </Project>
            """);
        (int exitCode, string output) = Repository.DotnetIn(_folder, "build", "-c", "Release");
        Assert.That(exitCode, Is.Zero, output);
    }

    [Test]
    public void TrainsAndItsLossIsTheRecomputedOne()
    {
        (int exitCode, string output) = Repository.DotnetIn(_folder, Path.Combine(OutputOf("net10.0"), "User.dll"));
        Assert.That(exitCode, Is.Zero, output);
        float[][][] steps =
        [
            .. from line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries) select JsonSerializer.Deserialize<float[][]>(line)!,
        ];
        Assert.That(steps, Has.Length.EqualTo(3));
        foreach (float[][] step in steps)
        {
            double recomputed = Recomputation.Terms(ToMatrix(step[1]), ToMatrix(step[2]), new EntropyReconstructionOptions()).Loss;
            TestContext.Out.WriteLine($"loss {step[0][0]:f6}, recomputed in float64 {recomputed:f6}");
            Assert.That(step[0][0], Is.EqualTo(recomputed).Within(1e-5));
        }
        Assert.That(steps.Select(step => step[0][0]), Is.Ordered.Descending);
    }

    [Test]
    public void CompilesForTheOldestFrameworkToo() => Assert.That(Path.Combine(OutputOf("net8.0"), "ErLoss.Modules.dll"), Does.Exist);

    [Test]
    [Platform("Linux")]
    public void MakesTorchSharpLoadableInTheOutputFolderAndNowhereElse()
    {
        byte[] original = File.ReadAllBytes(TorchSharpLibrary.InPackageCache);
        byte[] built = File.ReadAllBytes(Path.Combine(OutputOf("net10.0"), TorchSharpLibrary.FileName));
        Assert.That(built.AsSpan().SequenceEqual(TorchSharpLibrary.AsBuilt(original)));
        Assert.That(original.AsSpan().SequenceEqual(built), Is.EqualTo(TorchSharpLibrary.SystemHasVersion));
    }

    [Test]
    public void MakesTorchSharpKeepItsArgumentsWhereTheProjectAsksForIt()
    {
        Assert.That(TorchSharpAssembly.KeepsArguments(Path.Combine(OutputOf("net10.0"), TorchSharpAssembly.FileName)));
        Assert.That(
            File.ReadAllBytes(Path.Combine(OutputOf("net8.0"), TorchSharpAssembly.FileName)).AsSpan().SequenceEqual(File.ReadAllBytes(TorchSharpAssembly.InPackageCache)));
    }

    private string OutputOf(string framework) => Directory.GetDirectories(Path.Combine(_folder, "bin", "Release", framework)).Single();

    private static double[,] ToMatrix(float[] values) => Matrix.Create(Rows, Columns, (i, c) => values[i * Columns + c]);
}
