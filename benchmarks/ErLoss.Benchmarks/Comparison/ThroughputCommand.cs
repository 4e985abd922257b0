using System.CommandLine;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErTraining.CommandLine;
using ErTraining.Commands;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary><c>throughput</c>: training steps in images per second, and against their encoder alone, in turns within one process.</summary>
internal static class ThroughputCommand
{
    /// <summary>What is timed by default; a CPU would take minutes a step for what a GPU wants.</summary>
    private const int BatchOnCpu = 64, BatchOnCuda = 512;

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string?> device = BenchmarkDevice.Option(), json = Outputs.Json();
        Option<string> method = Options.Choice("--method", "Method that is trained, with the entropy-reconstruction loss.", "simclr", Registry.Default.Methods.Keys);
        Option<string> encoder = Options.Choice("--encoder", "Encoder network.", "resnet18", Registry.Default.Encoders);
        Option<int?> batch = Options.Number<int?>(
            "--batch-size", $"Batch size [default: {BatchOnCuda} on a GPU, {BatchOnCpu} on the CPU].", "N", n => n is >= 2 and <= 65536, "a whole number from 2 to 65536", null);
        Option<int> rounds = Options.Number("--rounds", "Number of samples of each measurement.", "N", n => n is >= 1 and <= 1000, "a whole number from 1 to 1000", 9);
        var command = new Command("throughput", "Time whole training steps and their encoder alone, in images per second, at each precision.")
        {
            device, method, encoder, batch, rounds, json,
        };
        command.SetAction(parsed =>
        {
            Device on = BenchmarkDevice.Use(parsed.GetValue(device)!);
            Outputs.Check(parsed.GetValue(json));
            bool isCuda = on.type == DeviceType.CUDA;
            RunSettings settings = FreshRun.Compose(
                Registry.Default,
                [
                    ("method", parsed.GetValue(method)!), ("encoder", parsed.GetValue(encoder)!),
                    ("batch_size", $"{parsed.GetValue(batch) ?? (isCuda ? BatchOnCuda : BatchOnCpu)}"),
                ]);
            RunSettings bfloat16 = settings with { Compute = new() { Precision = Precision.BFloat16 } };
            (string, RunSettings)[] precisions = isCuda
                ? [("float32", settings with { Compute = new() { Tf32 = Tf32.None } }), ("tf32", settings), ("bfloat16", bfloat16)]
                : [("float32", settings), ("bfloat16", bfloat16)];
            Run(on, precisions, parsed.GetValue(rounds), parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Run(Device device, (string Name, RunSettings Settings)[] precisions, int rounds, string? json)
    {
        var rows = new List<Throughput>();
        var measurements = new Measurements("ErLoss", BenchmarkDevice.Describe(device), InfoCommand.VersionOf(typeof(torch)), __version__, [], rows);
        foreach ((string name, RunSettings settings) in precisions)
        {
            Console.Error.WriteLine($"{Registry.Default.Document.NameOf(settings.Encoder)}, {name}, batch {settings.BatchSize}");
            Devices.AllowTf32(settings.Compute.Tf32);
            rows.Add(Measure(device, name, settings, rounds));
            if (json is not null)
            {
                measurements.Write(json); // what there is so far outlives an interrupt
            }
        }
        Table table = new Table()
            .Title($"{measurements.Device}, TorchSharp {measurements.TorchSharp}, libtorch {measurements.Libtorch}; images/s, medians (quartiles)".EscapeMarkup())
            .AddColumns("encoder", "precision", "batch", "step", "encoder alone", "step ÷ encoder, in time");
        foreach (Throughput row in rows)
        {
            table.AddRow(
                row.Name,
                row.Precision,
                $"{row.Batch}",
                row.Note ?? $"{row.ImagesPerSecond:n0} ({row.Q1:n0}–{row.Q3:n0})",
                $"{row.EncoderImagesPerSecond:n0}",
                $"{row.EncoderImagesPerSecond / row.ImagesPerSecond:f2}");
        }
        AnsiConsole.Write(table);
    }

    private static Throughput Measure(Device device, string precision, RunSettings settings, int rounds)
    {
        using var workload = new StepWorkload(settings, device);
        Samples step = new(workload.Step, device), encoder = new(workload.Encoder, device);
        for (int round = 0; round < rounds; round++)
        {
            step.Take();
            encoder.Take();
        }
        var row = new Throughput(Registry.Default.Document.NameOf(settings.Encoder), BenchmarkDevice.Describe(device), precision, settings.BatchSize, null, null, null);
        return step.Quartiles is { } times
            ? row with
            {
                ImagesPerSecond = Images(times.Median),
                Q1 = Images(times.Third),
                Q3 = Images(times.First),
                EncoderImagesPerSecond = encoder.Quartiles is { } alone ? Images(alone.Median) : null,
            }
            : row with { Note = "out of memory" };

        double Images(double milliseconds) => settings.BatchSize * 1000 / milliseconds;
    }
}
