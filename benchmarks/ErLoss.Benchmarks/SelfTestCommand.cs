using System.CommandLine;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErTraining.CommandLine;
using ErTraining.Commands;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary><c>selftest</c>: what may differ on a GPU, against the CPU and float64; the CUDA tests, for machines without a test runner.</summary>
internal static class SelfTestCommand
{
    private static readonly IEnumerable<Check> s_checks = [.. LossChecks.All, .. MethodChecks.All, .. LossWaitChecks.All, .. StepWaitChecks.All, .. MemoryChecks.All];

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string?> device = BenchmarkDevice.Option();
        Option<string?> only = Options.Text("--only", "Run the checks whose names contain this.", "TEXT");
        var command = new Command("selftest", "Check loss, gradients and training on a device against the CPU and against float64.") { device, only };
        command.SetAction(parsed => Run(
            BenchmarkDevice.Use(parsed.GetValue(device)!),
            [.. s_checks.Where(check => check.Name.Contains(parsed.GetValue(only) ?? "", StringComparison.OrdinalIgnoreCase))]));
        return command;
    }

    private static int Run(Device device, Check[] checks)
    {
        if (checks.Length == 0)
        {
            throw new UsageException("No check has the text of --only in its name; selftest without --only prints all names.");
        }
        Console.WriteLine($"{BenchmarkDevice.Describe(device)}, TorchSharp {InfoCommand.VersionOf(typeof(torch))}, libtorch {__version__}");
        int failed = 0, skipped = 0;
        foreach (Check check in checks)
        {
            (string verdict, string detail) = Look(check, device);
            failed += verdict == "FAIL" ? 1 : 0;
            skipped += verdict == "skip" ? 1 : 0;
            Console.WriteLine($"{verdict}  {check.Name}: {detail}");
        }
        Console.WriteLine($"{checks.Length} checks: {checks.Length - failed - skipped} passed, {failed} failed, {skipped} skipped");
        return failed == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    /// <summary>Tells of a check's findings those that do not hold, or else the one nearest to its limit.</summary>
    private static (string Verdict, string Detail) Look(Check check, Device device)
    {
        if (check.NeedsCuda && device.type != DeviceType.CUDA)
        {
            return ("skip", "needs a CUDA device");
        }
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        try
        {
            Finding[] findings = [.. check.On(device)], wrong = [.. findings.Where(finding => !finding.Holds)];
            return wrong.Length > 0
                ? ("FAIL", string.Join("; ", wrong))
                : ("pass", findings.MaxBy(finding => finding.Limit == 0 ? -1 : finding.Error / finding.Limit).ToString());
        }
        catch (NotSupportedException e)
        {
            return ("skip", OneLine.Format(e.Message));
        }
        catch (Exception e)
        {
            return ("FAIL", $"{e.GetType().Name}: {OneLine.Format(e.Message)}"); // whatever it is, the other checks are still worth running
        }
    }
}
