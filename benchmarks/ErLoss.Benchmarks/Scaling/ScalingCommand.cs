using System.CommandLine;
using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErTraining.CommandLine;
using Spectre.Console;

namespace ErLoss.Benchmarks;

/// <summary><c>scaling</c>: training steps and the loss on several ranks, which it starts with mpirun on this machine, against one process with as many threads.</summary>
internal static class ScalingCommand
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        var subject = new ScalingOptions();
        Option<string?> launcher = Options.Text("--launcher", "The mpirun of Open MPI or MPICH, by its name or as a file.", "FILE", "mpirun"), json = Outputs.Json();
        Option<IReadOnlyList<int>?> ranks = Options.Numbers("--ranks", "Numbers of ranks.", n => n is >= 1 and <= 1024, "a whole number from 1 to 1024", UsualRanks());
        Option<int> threads = ScalingOptions.Threads();
        Option<int> batch = Options.Number("--batch-size", "Images of a batch: in strong scaling of all ranks together, in weak scaling of each.", "N", n => n is >= 2 and <= 65536, "a whole number from 2 to 65536", 256);
        Option<int> rows = Options.Number("--k", "Rows of the loss: in strong scaling of all ranks together, in weak scaling of each.", "N", n => n is >= 2 and <= 1 << 20, "a whole number from 2 to 1048576", 2048);
        Option<int> rounds = Options.Number("--rounds", "Number of samples of each measurement.", "N", n => n is >= 1 and <= 1000, "a whole number from 1 to 1000", 9);
        Option<string> only = Options.Choice("--only", "What to measure.", "all", "all", "step", "loss");
        var command = new Command("scaling", "Time training steps and the loss on several processes that mpirun starts, in turns with one process of as many threads. In strong scaling the processes share one batch, in weak scaling each has a batch of that size.")
        {
            launcher, ranks, threads, batch, rows, rounds, only, json,
        };
        subject.AddTo(command);
        command.SetAction(parsed =>
        {
            Outputs.Check(parsed.GetValue(json));
            IReadOnlyList<int> numbers = parsed.GetValue(ranks) ?? UsualRanks();
            foreach ((string option, int size) in (ReadOnlySpan<(string, int)>)[("--batch-size", parsed.GetValue(batch)), ("--k", parsed.GetValue(rows))])
            {
                if (size < 2 * numbers.Max())
                {
                    throw new UsageException($"{option} is {size}; two for each of {numbers.Max()} ranks are wanted, {2 * numbers.Max()} or more.");
                }
            }
            string what = parsed.GetValue(only)!;
            MpiStarter starter = MpiStarter.Find(parsed.GetValue(launcher)!);
            using var run = new ScalingRun(starter, subject.Read(parsed));
            var measured = new List<ScalingRow>();
            foreach ((ScalingWork work, int size) in (ReadOnlySpan<(ScalingWork, int)>)[(ScalingWork.Step, parsed.GetValue(batch)), (ScalingWork.Loss, parsed.GetValue(rows))])
            {
                if (what != "all" && !what.Equals(work.ToString(), StringComparison.OrdinalIgnoreCase))
                {
                    continue;
                }
                Console.Error.WriteLine(work == ScalingWork.Step ? "training steps" : "the loss");
                IReadOnlyList<ScalingRow> rowsOfWork = run.Measure(ScalingCase.All(work, numbers, parsed.GetValue(threads), size), parsed.GetValue(rounds), withMemory: work == ScalingWork.Loss);
                measured.AddRange(rowsOfWork);
                AnsiConsole.Write(ScalingTable.Of(work, starter.Name, subject.Read(parsed), rowsOfWork));
                if (parsed.GetValue(json) is { } file)
                {
                    AtomicFile.Write(file, stream => JsonSerializer.Serialize(stream, measured, s_json)); // what there is so far outlives an interrupt
                }
            }
            Console.WriteLine(ScalingTable.Explanation);
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>1, 2, 4, … as long as each rank has a processor.</summary>
    private static int[] UsualRanks() => [.. Enumerable.Range(0, 11).Select(power => 1 << power).Where(n => n == 1 || n <= Environment.ProcessorCount)];
}
