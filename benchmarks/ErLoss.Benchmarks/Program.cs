using System.CommandLine;
using System.Reflection;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using ErLoss.Benchmarks;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErTraining.CommandLine;
using ErTraining.Libtorch;
using ErTraining.Terminal;

NativeDefaults.Apply();
PlainOutput.UseWhereRedirected();

Option<string?> device = BenchmarkDevice.Option(), json = Outputs.Json();
Option<bool> inProcess = Options.Flag("--in-process", "Measure in this process instead of one for each benchmark.");
var root = new RootCommand("Time the entropy, the loss and the training step with BenchmarkDotNet, whose own arguments (--filter, --list, ...) it takes as well.")
{
    SelfTestCommand.Create(),
    CompareCommand.Create(),
    FormsCommand.Create(),
    ErrorsCommand.Create(),
    PeakMemory.Create(),
    ThroughputCommand.Create(),
    ReportCommand.Create(),
    OperatorsCommand.Create(),
    ScalingCommand.Create(),
    ScalingRank.Create(),
    device,
    json,
    inProcess,
    SharedOptions.Libtorch,
};
root.TreatUnmatchedTokensAsErrors = false;
root.SetAction(parsed => Benchmark([.. parsed.UnmatchedTokens], parsed.GetValue(device)!, parsed.GetValue(json), parsed.GetValue(inProcess) || AsksForLibtorch(parsed)));

ParseResult parsed = root.Parse(args);
try
{
    if (parsed.Errors is [var error, ..])
    {
        throw new UsageException(error.Message);
    }
    if (parsed.CommandResult.Command != root && parsed.UnmatchedTokens is [var stray, ..])
    {
        throw new UsageException($"'{stray}' is nothing that {parsed.CommandResult.Command.Name} knows; --help lists what it does.");
    }
    bool runsCommand = parsed.Action == parsed.CommandResult.Command.Action;
    if (runsCommand && LibtorchContext.Run(parsed.GetValue(SharedOptions.Libtorch), args) is { } exitCode)
    {
        return exitCode;
    }
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is UsageException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"error: {OneLine.Format(e.Message)}");
    return e is UsageException ? ExitCode.BadInput : ExitCode.Failure;
}

// BenchmarkDotNet's own processes would load the libtorch of the package.
static bool AsksForLibtorch(ParseResult parsed) => LibtorchFolder.Asked(parsed.GetValue(SharedOptions.Libtorch)) is not null;

// The native runtime that this program was built for.
static string TorchRuntime() => typeof(KernelEntropyBenchmarks).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
    .Single(attribute => attribute.Key == nameof(TorchRuntime)).Value!;

static int Benchmark(string[] arguments, string device, string? json, bool inProcess)
{
    // BenchmarkDotNet's child processes inherit all of it. It builds this project once more, and MSBuild takes properties from the environment.
    NativeDefaults.PassOn();
    Environment.SetEnvironmentVariable(BenchmarkDevice.Variable, BenchmarkDevice.Use(device).ToString());
    Environment.SetEnvironmentVariable(nameof(TorchRuntime), TorchRuntime());
    Outputs.Check(json);
    IConfig config = DefaultConfig.Instance;
    if (inProcess)
    {
        config = config.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).AsDefault());
    }
    Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(KernelEntropyBenchmarks).Assembly).Run(arguments, config)];
    if (json is not null)
    {
        TimingReport.Write(summaries, json);
    }
    return summaries.Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success))
        ? ExitCode.Failure
        : ExitCode.Success;
}
