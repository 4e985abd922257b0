using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace ErLoss.Benchmarks;

/// <summary>
/// Times the entropy and the loss (BenchmarkDotNet's own arguments, and <c>--in-process</c>, <c>--device cpu|cuda</c>, <c>--json
/// FILE</c>), or with the verb <c>memory</c> measures their peak memory.
/// </summary>
internal static class BenchmarkProgram
{
    private static int Main(string[] args)
    {
        List<string> rest = [.. args];
        string? json = TakeValue(rest, "--json"), device = TakeValue(rest, "--device");
        bool inProcess = rest.Remove("--in-process");
        if (rest is ["memory", .. var request])
        {
            return PeakMemory.Run(request, json);
        }

        // BenchmarkDotNet's child processes inherit it.
        if (device is not null)
        {
            Environment.SetEnvironmentVariable(BenchmarkDevice.Variable, device);
        }
        IConfig config = DefaultConfig.Instance;
        if (inProcess)
        {
            config = config.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).AsDefault());
        }
        Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(BenchmarkProgram).Assembly).Run([.. rest], config)];
        if (json is not null)
        {
            TimingReport.Write(summaries, json);
        }
        return summaries.Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
    }

    private static string? TakeValue(List<string> args, string option)
    {
        int at = args.IndexOf(option);
        if (at < 0 || at + 1 == args.Count)
        {
            return null;
        }
        string value = args[at + 1];
        args.RemoveRange(at, 2);
        return value;
    }
}
