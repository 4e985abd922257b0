using System.CommandLine;
using ErTraining.Data;
using ErTraining.Methods;
using ErTraining.Reporting;
using ErTraining.Training;
using Spectre.Console;
using TorchSharp;

namespace ErTraining.Commands;

/// <summary><c>train</c>: trains an encoder and says what it has learnt.</summary>
internal static class TrainCommand
{
    private static readonly Option<string?> s_output = Options.Text(
        "--output", "Folder for settings, metrics, weights and the report.", "DIR");

    private static readonly Option<bool> s_resume = Options.Flag(
        "--resume", "Go on with the run in --output where it was, with its settings; begin it if there is none.");

    private static readonly Option<double> s_checkpointMinutes = Options.Number(
        "--checkpoint-minutes",
        "Keep a checkpoint in the midst of an epoch too, so often.",
        "X",
        x => x is >= 0 and <= 1e6,
        "a number from 0 to 1e6",
        10.0);

    private static readonly Option<bool> s_tensorBoard = Options.Flag(
        "--tensorboard", "Write the metrics for TensorBoard too, into the folder tensorboard of --output.");

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        var command = new Command("train", "Train an encoder on unlabelled images (the default).");
        foreach (Option option in TrainingOptions.All)
        {
            command.Add(option);
        }
        command.Add(s_output);
        command.Add(s_resume);
        command.Add(s_checkpointMinutes);
        command.Add(s_tensorBoard);
        command.SetAction((parsed, cancellation) => Task.FromResult(
            OutOfMemory.InOneLine(() => Run(parsed, cancellation), "a smaller --batch-size needs less memory")));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        bool resume = parsed.GetValue(s_resume), tensorBoard = parsed.GetValue(s_tensorBoard);
        if (parsed.GetValue(s_output) is not { } output)
        {
            return resume ? throw new UsageException("--resume goes with --output, the folder of the run to go on with.")
                : tensorBoard ? throw new UsageException("--tensorboard goes with --output, the folder it writes into.")
                : Train(parsed, TrainingOptions.Read(parsed), null, tensorBoard, cancellation);
        }
        TrainingSettings? fresh = resume ? null : TrainingOptions.Read(parsed);
        if (!resume)
        {
            RunFolder.CheckIsFree(output);
        }
        using var folder = new RunFolder(output, TimeSpan.FromMinutes(parsed.GetValue(s_checkpointMinutes)));
        TrainingSettings settings = fresh ?? (folder.IsTaken ? EarlierRun.Settings(folder, parsed) : TrainingOptions.Read(parsed));
        if (folder.IsFinished)
        {
            AnsiConsole.MarkupLineInterpolated($"The run in {output} is finished: {folder.ReportPath}");
            return ExitCode.Success;
        }
        try
        {
            return Train(parsed, settings, folder, tensorBoard || Directory.Exists(folder.TensorBoardPath), cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingFailedException($"{e.Message.TrimEnd('.')}. When this is mended, the same command with --resume goes on from the last checkpoint.");
        }
    }

    private static int Train(ParseResult parsed, TrainingSettings settings, RunFolder? folder, bool tensorBoard, CancellationToken cancellation)
    {
        torch.Device device = SharedOptions.UseDevice(settings.Device, settings.Threads);
        if (TrainingOptions.GivenTf32(parsed) is { } option && device.type != DeviceType.CUDA)
        {
            throw new UsageException($"{option} is for a GPU, but this run is on {device}; leave it out.");
        }
        Devices.AllowTf32(settings.Tf32);
        ImageData data = DataSource.Load(settings.Data, settings.TrainImages, settings.Seed);
        settings = TrainingOptions.WithDefaults(settings) with
        {
            Version = InfoCommand.VersionOf(typeof(TrainCommand)),
            TrainImages = data.Train.Count,
            Threads = torch.get_num_threads(),
            Device = device.ToString(),
        };
        if (settings.Preset is { } preset)
        {
            AnsiConsole.MarkupLineInterpolated($"Settings of {MethodCatalog.Describe(settings.Method).Recipes[preset].Source}");
        }
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{settings.Method}[/] with the {(settings.Objective == Objective.Er ? "entropy-reconstruction" : "native")} loss, {settings.Encoder}, on {Devices.DescribeChoice(device, settings.Precision, settings.Tf32)}");
        AnsiConsole.MarkupLineInterpolated($"{data.Summary}");

        var memory = new DeviceMemoryUse(device);
        using var display = new TrainingDisplay(settings.Epochs);
        using var trainer = new Trainer(settings, data, device);
        if (folder is not null)
        {
            TrainingState? state = folder.States.Newest(unsound => Console.Error.WriteLine($"warning: {unsound} Looking for one before it."));
            if (state is not null)
            {
                trainer.Restore(state);
            }
            folder.WriteSettings(settings);
            trainer.Observers.Add(new RunRecorder(folder, trainer.Method));
            if (tensorBoard)
            {
                trainer.Observers.Add(new TensorBoardLog(folder.TensorBoardPath));
            }
        }
        trainer.Observers.Add(display);
        RunResult result;
        try
        {
            result = trainer.Run(cancellation, folder?.States);
        }
        catch (OperationCanceledException)
        {
            display.Dispose();
            if (folder is null)
            {
                Console.Error.WriteLine("Interrupted; nothing was kept, as no --output was given.");
                return ExitCode.Interrupted;
            }
            ModelWeights.Save(folder.CheckpointPath, trainer.Method);
            Console.Error.WriteLine($"Interrupted; the weights as they were are in {folder.CheckpointPath}, and --resume goes on from there.");
            return ExitCode.Interrupted;
        }
        display.Dispose();

        TrainingSummary.Write(result, memory.Describe());
        if (folder is not null)
        {
            if (settings.Epochs == 0)
            {
                ModelWeights.Save(folder.CheckpointPath, trainer.Method);
            }
            Report.Write(folder.ReportPath, settings, data, result, trainer.Epochs, trainer.Method, device);
            folder.WriteResult(result); // last: it says that the run is over
            AnsiConsole.MarkupLineInterpolated($"Curves, views and settings: {folder.ReportPath}");
        }
        return ExitCode.Success;
    }
}
