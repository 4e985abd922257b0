// dotnet tool restore, then: dotnet cake [--target=NAME] [--configuration=Release] [--torchRuntime=cpu|cuda-linux|cuda-windows]

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
    CleanDirectories("./{src,tests,benchmarks}/*/{bin,obj}");
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
    .Does(() => DotNetTest(Solution, new DotNetTestSettings { Configuration = configuration, NoBuild = true, NoRestore = true, MSBuildSettings = Properties() }));

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
    .Description("Packs the library into artifacts.")
    .IsDependentOn("Build")
    .Does(() => DotNetPack(
        "./src/ErLoss.Modules",
        new DotNetPackSettings { Configuration = configuration, NoBuild = true, NoRestore = true, OutputDirectory = artifacts, MSBuildSettings = Properties() }));

RunTarget(target);
