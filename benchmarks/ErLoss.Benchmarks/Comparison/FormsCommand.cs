using System.CommandLine;
using ErLoss.Training;
using ErTraining.CommandLine;
using Spectre.Console;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary><c>forms</c>: the loss in all its forms against what the least of their work would take, in turns within one process.</summary>
internal static class FormsCommand
{
    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string?> device = BenchmarkDevice.Option();
        Option<int> rows = Options.Number("--k", "Number of rows (batch size).", "N", n => n is >= 2 and <= 1 << 20, "a whole number from 2 to 1048576", 2048);
        Option<int> dimension = Options.Number("--d", "Dimension of the rows.", "N", n => n is >= 2 and <= 65536, "a whole number from 2 to 65536", 128);
        Option<int> rounds = Options.Number("--rounds", "Number of samples of each measurement.", "N", n => n is >= 1 and <= 1000, "a whole number from 1 to 1000", 15);
        var command = new Command("forms", "Time forward and backward of the loss with weights, mask, ids, labels, a queue and many views, in turns.") { device, rows, dimension, rounds };
        command.SetAction(parsed =>
        {
            Run(BenchmarkDevice.Use(parsed.GetValue(device)!), parsed.GetValue(rows), parsed.GetValue(dimension), parsed.GetValue(rounds));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Run(Device device, int k, int d, int rounds)
    {
        using var workload = new FormWorkload(device, k, d);
        (string Name, string Yardstick, Samples Samples)[] forms =
            [.. workload.Forms.Select(form => (form.Name, form.Yardstick, new Samples(() => { using var scope = NewDisposeScope(); form.Run(); }, device)))];
        for (int round = 0; round < rounds; round++)
        {
            foreach ((_, _, Samples samples) in forms)
            {
                samples.Take();
            }
        }
        Table table = new Table()
            .Title($"{BenchmarkDevice.Describe(device)}; k = {k:n0}, d = {d}; a queue of {FormWorkload.QueueLength:n0} at k = {FormWorkload.QueueBatch}; milliseconds, medians (quartiles)".EscapeMarkup())
            .AddColumns("form", "time", "yardstick", "form ÷ yardstick");
        foreach ((string name, string yardstick, Samples samples) in forms)
        {
            double? unit = yardstick.Length == 0 ? null : forms.Single(form => form.Name == yardstick).Samples.Quartiles?.Median;
            table.AddRow(
                name,
                samples.Quartiles is { } times ? $"{times.Median:f2} ({times.First:f2}–{times.Third:f2})" : "out of memory",
                yardstick,
                samples.Quartiles is { } form && unit is { } least ? $"{form.Median / least:f2}" : "");
        }
        AnsiConsole.Write(table);
    }
}
