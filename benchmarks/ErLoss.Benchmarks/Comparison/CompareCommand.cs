using System.CommandLine;
using ErLoss.Training;
using ErTraining.CommandLine;
using ErTraining.Commands;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary><c>compare</c>: all evaluations and the bare matrix product in turns within one process, on the CPU or a GPU, with the errors of their gradients.</summary>
internal static class CompareCommand
{
    private static readonly int[] s_rowsOnCpu = [1024, 4096, 8192], s_rowsOnCuda = [.. Enumerable.Range(10, 8).Select(power => 1 << power)];
    private static readonly int[] s_dimensions = [128, 256];

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string?> device = BenchmarkDevice.Option(), json = Outputs.Json();
        Option<IReadOnlyList<int>?> rows = Options.Numbers(
            "--k", "Numbers of rows (batch sizes). On the CPU the default ends at 8192.", n => n is >= 2 and <= 1 << 20, "a whole number from 2 to 1048576", s_rowsOnCuda);
        Option<IReadOnlyList<int>?> dimensions = Options.Numbers(
            "--d", "Dimensions of the rows.", n => n is >= 2 and <= 65536, "a whole number from 2 to 65536", s_dimensions);
        Option<bool> tf32 = Options.Flag("--tf32", "Time matrix products in TF32 as well (CUDA only).");
        Option<int> rounds = Options.Number("--rounds", "Number of samples of each measurement.", "N", n => n is >= 1 and <= 1000, "a whole number from 1 to 1000", 9);
        var command = new Command("compare", "Time forward and backward of entropy and loss by each evaluation, and the bare matrix product, in turns, and measure the errors of the gradients.")
        {
            device, rows, dimensions, tf32, rounds, json,
        };
        command.SetAction(parsed =>
        {
            Device on = BenchmarkDevice.Use(parsed.GetValue(device)!);
            if (parsed.GetValue(tf32) && on.type != DeviceType.CUDA)
            {
                throw new UsageException($"--tf32 is for CUDA devices; the device is {on}.");
            }
            Outputs.Check(parsed.GetValue(json));
            Run(
                on,
                parsed.GetValue(rows) ?? (on.type == DeviceType.CUDA ? s_rowsOnCuda : s_rowsOnCpu),
                parsed.GetValue(dimensions) ?? s_dimensions,
                parsed.GetValue(tf32) ? ["float32", "tf32"] : ["float32"],
                parsed.GetValue(rounds),
                parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Run(
        Device device, IReadOnlyList<int> rows, IReadOnlyList<int> dimensions, IReadOnlyList<string> precisions, int rounds, string? json)
    {
        var comparison = new Comparison(device, rounds);
        var timings = new List<Timing>();
        var measurements = new Measurements(
            "ErLoss", BenchmarkDevice.Describe(device), InfoCommand.VersionOf(typeof(torch)), __version__, timings);
        foreach (string precision in precisions)
        {
            if (device.type == DeviceType.CUDA)
            {
                backends.cuda.matmul.allow_tf32 = precision == "tf32";
            }
            foreach (int k in rows)
            {
                foreach (int d in dimensions)
                {
                    Console.Error.WriteLine($"{precision}, k = {k:n0}, d = {d}");
                    timings.AddRange(comparison.Run(precision, k, d));
                    if (json is not null)
                    {
                        measurements.Write(json); // what there is so far outlives an interrupt
                    }
                }
            }
        }
        Show(measurements);
    }

    private static void Show(Measurements measurements)
    {
        Table table = new Table()
            .Title($"{measurements.Device}, TorchSharp {measurements.TorchSharp}, libtorch {measurements.Libtorch}; milliseconds, medians (quartiles); error of the tangential gradient".EscapeMarkup())
            .AddColumns(["precision", .. TimingTable.Head()]);
        foreach (TimingCase at in measurements.Rows.Select(row => row.Case).Distinct())
        {
            table.AddRow([at.Precision, .. TimingTable.Row(measurements, at, withQuartiles: true).Select(cell => cell.EscapeMarkup())]);
        }
        AnsiConsole.Write(table);
        foreach (Timing row in measurements.Rows.Where(row => row.Note is not null))
        {
            AnsiConsole.WriteLine($"{row.Precision}, k = {row.K:n0}, d = {row.D}, {row.Name}: {row.Note}");
        }
    }
}
