using System.CommandLine;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErTraining.CommandLine;
using ErTraining.Ranks;
using ErTraining.Terminal;

namespace ErTraining.Commands;

/// <summary><c>train</c>: trains an encoder and says what it has learnt.</summary>
internal static class TrainCommand
{
    private static readonly Option<string?> s_output = Options.Text(
        "--output", "Folder for the settings, metrics, weights, report and pictures of the run. Without this option nothing is kept.", "DIR");

    private static readonly Option<bool> s_resume = Options.Flag(
        "--resume",
        "Continue the run in --output from its last checkpoint, with its own settings. With another number of --epochs, the learning rate starts a new schedule from there. If the folder holds no run, a new run begins.");

    private static readonly Option<double> s_checkpointMinutes = Options.Number(
        "--checkpoint-minutes",
        "Minutes between the checkpoints within an epoch. There is also one after each epoch.",
        "X",
        x => x is >= 0 and <= 1e6,
        "a number from 0 to 1e6",
        10.0);

    private static readonly Option<bool> s_tensorBoard = Options.Flag(
        "--tensorboard", "Also write the metrics for TensorBoard, into the folder tensorboard of --output.");

    private static readonly Option<TimeSpan?> s_maxTime = TimeLimit.Option("--resume continues from there");

    private static readonly Option<bool> s_printSchema = Options.Flag(
        "--print-schema", "Write the JSON schema of --config files to standard output and end.");

    /// <summary>The command as the command line knows it.</summary>
    /// <param name="registry">The kinds there are.</param>
    /// <param name="job">The ranks that train together; this process alone if null.</param>
    public static Command Create(Registry registry, RankJob? job = null)
    {
        RankJob ranks = job ?? RankJob.Alone();
        var options = new SettingOptions(registry);
        var command = new Command("train", "Train an encoder on unlabelled images. This is also what happens without a command.");
        foreach (Option option in (IEnumerable<Option>)[.. options.All, options.Config, s_output, s_resume, s_checkpointMinutes, s_maxTime, s_tensorBoard, SharedOptions.Mpi, s_printSchema])
        {
            command.Add(option);
        }
        command.SetAction((parsed, cancellation) => Task.FromResult(
            OutOfMemory.InOneLine(() => options.InWords(parsed, () => Run(registry, options, parsed, ranks, cancellation)), "a smaller --batch-size needs less memory")));
        return command;
    }

    private static int Run(Registry registry, SettingOptions options, ParseResult parsed, RankJob job, CancellationToken cancellation)
    {
        if (parsed.GetValue(s_printSchema))
        {
            Console.WriteLine(registry.Document.Schema());
            StandardStreams.RequireOutput();
            return ExitCode.Success;
        }
        using var limit = new TimeLimit(parsed.GetValue(s_maxTime), cancellation);
        try
        {
            var run = new TrainingRun(registry, options, parsed, job, limit);
            string? output = Output(options, parsed, job);
            job.RequireSameCommand(string.Join(' ', ["train", .. from option in (Option[])[s_output, s_resume] where parsed.GetResult(option) is { Implicit: false } select option.Name]));
            return output is not null
                ? run.Keep(output, parsed.GetValue(s_resume), TimeSpan.FromMinutes(parsed.GetValue(s_checkpointMinutes)), parsed.GetValue(s_tensorBoard))
                : run.Try();
        }
        catch (OperationCanceledException)
        {
            limit.Agree(job.Group);
            Console.Error.WriteLine($"{limit.Reason}; nothing was written.");
            return limit.ExitCode;
        }
    }

    /// <summary>The output folder; null if nothing is to be kept.</summary>
    private static string? Output(SettingOptions options, ParseResult parsed, RankJob job) => job.Together(() =>
        parsed.GetValue(s_output) is { } output ? output
        : parsed.GetValue(s_resume) ? throw new UsageException("--resume goes with --output, the folder of the run to continue.")
        : parsed.GetValue(s_tensorBoard) ? throw new UsageException("--tensorboard goes with --output, the folder it writes into.")
        : options.GivenName(parsed, "keep_state") is { } keepState ? throw new UsageException($"{keepState} goes with --output, the folder that the state stays in.")
        : parsed.GetValue(s_maxTime) is not null ? throw new UsageException("--max-time goes with --output, the folder of the checkpoint that it ends with.")
        : null);
}
