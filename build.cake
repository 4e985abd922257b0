using System.Formats.Tar;
using System.IO.Compression;

// dotnet tool restore, then: dotnet cake [--target=NAME] [--configuration=Release] [--torchRuntime=cpu|cuda-linux|cuda-windows|none]

var target = Argument("target", "Test");
var configuration = Argument("configuration", "Release");
var torchRuntime = Argument("torchRuntime", "cpu");

const string Solution = "./ErLoss.slnx";
var artifacts = Directory("./artifacts");

DotNetMSBuildSettings Properties() => new DotNetMSBuildSettings().WithProperty("TorchRuntime", torchRuntime);

Task("Clean")
    .Description("Deletes what builds leave behind; runs stay.")
    .Does(() =>
{
    CleanDirectory(artifacts);
    CleanDirectories("./{src,tests,benchmarks,samples}/*/{bin,obj}");
});

Task("Restore")
    .Description("Restores packages.")
    .Does(() => DotNetRestore(Solution, new DotNetRestoreSettings { MSBuildSettings = Properties() }));

Task("Build")
    .Description("Builds the solution; warnings are errors.")
    .IsDependentOn("Restore")
    .Does(() => DotNetBuild(Solution, new DotNetBuildSettings { Configuration = configuration, NoRestore = true, MSBuildSettings = Properties() }));

Task("Test")
    .Description("Runs all tests.")
    .IsDependentOn("Build")
    .Does(() => DotNetTest(
        Solution,
        new DotNetTestSettings { PathType = DotNetTestPathType.Solution, Configuration = configuration, NoBuild = true, NoRestore = true, MSBuildSettings = Properties() }));

Task("Benchmark")
    .Description("Runs the benchmarks; --benchmarkArguments=\"--filter *Step*\" picks some.")
    .IsDependentOn("Build")
    .Does(() => DotNetRun(
        "./benchmarks/ErLoss.Benchmarks",
        Argument("benchmarkArguments", "--filter *"),
        new DotNetRunSettings { Configuration = configuration, NoBuild = true, NoRestore = true }));

Task("Train")
    .Description("Trains with the defaults; --trainArguments=\"train --epochs 2\" changes them.")
    .IsDependentOn("Build")
    .Does(() => DotNetRun(
        "./src/ErTraining",
        Argument("trainArguments", "train"),
        new DotNetRunSettings { Configuration = configuration, NoBuild = true, NoRestore = true }));

Task("Pack")
    .Description("Packs the libraries into artifacts.")
    .IsDependentOn("Build")
    .Does(() =>
{
    foreach (string library in new[] { "ErLoss.Modules", "ErLoss.SelfSupervised", "ErLoss.Training" })
    {
        DotNetPack(
            $"./src/{library}",
            new DotNetPackSettings { Configuration = configuration, NoBuild = true, NoRestore = true, OutputDirectory = artifacts, MSBuildSettings = Properties() });
    }
});

Task("Bundle")
    .Description("Packs harness and benchmarks with .NET, but without libtorch, for Linux x64 into artifacts.")
    .Does(() =>
{
    const long MostBytes = 45_000_000;
    string name = $"ErLoss-{XmlPeek("./Directory.Build.props", "/Project/PropertyGroup/Version")}-linux-x64";
    var folder = MakeAbsolute(artifacts + Directory("bundle") + Directory(name));
    CleanDirectory(folder);
    DotNetPublish("./benchmarks/ErLoss.Benchmarks", new DotNetPublishSettings // brings the harness, which it refers to
    {
        Configuration = configuration,
        Runtime = "linux-x64",
        SelfContained = true,
        OutputDirectory = folder,
        MSBuildSettings = new DotNetMSBuildSettings()
            .WithProperty("ForBundle", "true")
            .WithProperty("TorchRuntime", "none")
            .WithProperty("AllowOlderLibstdcxx", "always")
            .WithProperty("DebugType", "none")
            .WithProperty("PublishDocumentationFiles", "false")
            .WithProperty("PublishReferencesDocumentationFiles", "false")
            .WithProperty("SatelliteResourceLanguages", "en")
            .WithProperty("ArtifactsPath", MakeAbsolute(artifacts + Directory("bundle") + Directory("build")).FullPath), // other packages than other builds'
    });
    CopyFileToDirectory("./LICENSE", folder);
    EnsureDirectoryExists(folder.Combine("benchmarks"));
    CopyFiles("./benchmarks/{gpu,pytorch_baseline.py}", folder.Combine("benchmarks"));

    string archive = MakeAbsolute(artifacts + File($"{name}.tar.gz")).FullPath;
    using (var tar = new TarWriter(new GZipStream(System.IO.File.Create(archive), CompressionLevel.SmallestSize)))
    {
        foreach (var file in GetFiles($"{folder}/**/*").OrderBy(file => file.FullPath, StringComparer.Ordinal))
        {
            string path = folder.GetRelativePath(file).FullPath;
            bool isProgram = path is "ErTraining" or "ErLoss.Benchmarks" or "benchmarks/gpu";
            if (path.StartsWith("libtorch", StringComparison.Ordinal) || file.GetExtension() is ".pdb" or ".xml")
            {
                throw new CakeException($"{path} has no place in the bundle.");
            }
            using var content = System.IO.File.OpenRead(file.FullPath);
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"{name}/{path}")
            {
                DataStream = content,
                Mode = (UnixFileMode)Convert.ToInt32(isProgram ? "755" : "644", 8),
            });
        }
    }
    long bytes = new System.IO.FileInfo(archive).Length;
    Information($"{archive}: {bytes / 1e6:f1} MB");
    if (bytes > MostBytes)
    {
        throw new CakeException($"The bundle has {bytes} bytes; it must not have more than {MostBytes}.");
    }
});

Task("Docs")
    .Description("Builds the documentation site into artifacts/site; warnings are errors.")
    .Does(() =>
{
    var site = artifacts + Directory("site");
    CleanDirectory(site);
    CleanDirectory(artifacts + Directory("site-api")); // what docfx reads from the XML documentation
    DotNetTool("docfx", new DotNetToolSettings { ArgumentCustomization = arguments => arguments.Append("docfx.json --warningsAsErrors") });
    CopyFile(site + File("README.html"), site + File("index.html")); // the page that a server shows for the folder
});

RunTarget(target);
