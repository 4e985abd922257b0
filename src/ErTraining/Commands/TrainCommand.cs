using System.CommandLine;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Runs;
using ErTraining.CommandLine;
using ErTraining.Reports;
using ErTraining.Terminal;
using Spectre.Console;
using TorchSharp;

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
    public static Command Create(Registry registry)
    {
        var options = new SettingOptions(registry);
        var command = new Command("train", "Train an encoder on unlabelled images. This is also what happens without a command.");
        foreach (Option option in (IEnumerable<Option>)[.. options.All, options.Config, s_output, s_resume, s_checkpointMinutes, s_maxTime, s_tensorBoard, s_printSchema])
        {
            command.Add(option);
        }
        command.SetAction((parsed, cancellation) => Task.FromResult(
            OutOfMemory.InOneLine(() => options.InWords(parsed, () => Run(registry, options, parsed, cancellation)), "a smaller --batch-size needs less memory")));
        return command;
    }

    private static int Run(Registry registry, SettingOptions options, ParseResult parsed, CancellationToken cancellation)
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
            return Run(registry, options, parsed, limit);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"{limit.Reason}; nothing was written.");
            return limit.ExitCode;
        }
    }

    private static int Run(Registry registry, SettingOptions options, ParseResult parsed, TimeLimit limit)
    {
        bool resume = parsed.GetValue(s_resume), tensorBoard = parsed.GetValue(s_tensorBoard);
        if (parsed.GetValue(s_output) is not { } output)
        {
            return resume ? throw new UsageException("--resume goes with --output, the folder of the run to continue.")
                : tensorBoard ? throw new UsageException("--tensorboard goes with --output, the folder it writes into.")
                : options.GivenName(parsed, "keep_state") is { } keepState ? throw new UsageException($"{keepState} goes with --output, the folder that the state stays in.")
                : parsed.GetValue(s_maxTime) is not null ? throw new UsageException("--max-time goes with --output, the folder of the checkpoint that it ends with.")
                : Train(registry, options, parsed, options.Fresh(parsed, limit.Token), null, null, null, tensorBoard, limit);
        }
        RunSettings? fresh = resume ? null : options.Fresh(parsed, limit.Token);
        using var folder = new RunWriter(output, TimeSpan.FromMinutes(parsed.GetValue(s_checkpointMinutes)), registry);
        if (!resume)
        {
            folder.Run.CheckIsFree(); // with the lock, under which no other process begins a run
        }
        RunSettings? began = resume && folder.Run.HoldsRun ? folder.Run.ReadSettings() : null;
        RunSettings settings = began is not null ? ResumedSettings.Of(registry, options, folder.Run, began, parsed, limit.Token) : fresh ?? options.Fresh(parsed, limit.Token);
        RunImages.CheckIsOutside(settings.Data, output);
        bool hasOtherEpochs = began is not null && began.Epochs != settings.Epochs;
        if (folder.Run.IsFinished && !hasOtherEpochs)
        {
            AnsiConsole.MarkupLineInterpolated($"The run in {output} is finished: {folder.Run.ReportPath}");
            return ExitCode.Success;
        }
        try
        {
            TrainingState? state = folder.States.Newest(unsound => Console.Error.WriteLine($"warning: {unsound} Looking for one before it."));
            if (state is null && folder.Run.IsFinished)
            {
                throw new DataException($"{folder.Run.CheckpointPath}: the checkpoint of this finished run is missing, and without it no epochs can be added; put it back, or start another run from the weights (export writes them, and train --weights reads them).");
            }
            if (hasOtherEpochs)
            {
                settings = ResumedSettings.WithOtherEpochs(began!, settings, output, state);
            }
            return Train(registry, options, parsed, settings, folder, began, state, tensorBoard || Directory.Exists(folder.Run.TensorBoardPath), limit);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingFailedException($"{e.Message.TrimEnd('.')}. When the cause is removed, the same command with --resume continues from the last checkpoint.");
        }
    }

    /// <summary>Trains a run from its beginning or from a state to its end, or until the limit.</summary>
    /// <param name="registry">The kinds there are.</param>
    /// <param name="options">Say which setting has which option.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="folder">Where it goes; null if nothing is kept.</param>
    /// <param name="began">The settings in the folder; null if no run has begun there.</param>
    /// <param name="state">Where the run goes on from; null if at its beginning.</param>
    /// <param name="tensorBoard">Whether the metrics go to TensorBoard, too.</param>
    /// <param name="limit">Ends it.</param>
    private static int Train(
        Registry registry,
        SettingOptions options,
        ParseResult parsed,
        RunSettings settings,
        RunWriter? folder,
        RunSettings? began,
        TrainingState? state,
        bool tensorBoard,
        TimeLimit limit)
    {
        torch.Device device = SharedOptions.UseDevice(settings.Compute);
        if (options.GivenName(parsed, "tf32") is { } option && device.type != DeviceType.CUDA)
        {
            throw new UsageException($"{option} is for a GPU, but this run is on {device}; leave it out.");
        }
        Devices.AllowTf32(settings.Compute.Tf32);
        settings = settings with
        {
            Version = began is not null ? settings.Version : InfoCommand.VersionOf(typeof(TrainCommand)),
            Compute = settings.Compute with { Threads = torch.get_num_threads(), Device = device.ToString() },
        };
        if (settings.Preset is { } name && settings.Method.Presets.TryGetValue(name, out Preset? preset))
        {
            AnsiConsole.MarkupLineInterpolated($"{preset.Describe(settings.Method.Objective)}");
        }
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{registry.Document.NameOf(settings.Method)}[/] with the {(settings.Method.Objective == Objective.Er ? "entropy-reconstruction" : "native")} loss, {registry.Document.NameOf(settings.Encoder)}, on {Devices.DescribeChoice(device, settings.Compute.Precision, settings.Compute.Tf32)}");
        ImageData data = RunImages.Load(settings.Data, settings.Seed, began is not null && options.GivenName(parsed, "data") is null ? parsed.GetValue(s_output) : null, folder?.Run.Path, options.NamesIn(parsed), limit.Token);
        AnsiConsole.MarkupLineInterpolated($"{data.Summary}");

        var memory = new DeviceMemoryUse(device);
        using var trainer = new Trainer(registry, settings, data, device);
        settings = settings with { Used = trainer.Used };
        if (folder is not null)
        {
            if (state is { HasWeights: true })
            {
                trainer.Restore(state);
            }
            else if (state is not null)
            {
                state = state with { Method = ModelWeights.Read(folder.Run.CheckpointPath) };
                trainer.Restore(state);
                folder.States.Save(state); // once it is known to be of this run, and before the file of the weights or the settings change
            }
            if (began is null)
            {
                folder.WriteSettings(settings);
            }
            else if (began.Epochs != settings.Epochs)
            {
                folder.Reopen(settings);
            }
            folder.WriteLeftOut([.. data.LeftOut.Select(file => file.Line)]);
            if (data.LeftOut.Count > 0)
            {
                AnsiConsole.MarkupLineInterpolated($"What was left out is listed in {folder.Run.LeftOutPath}.");
            }
            trainer.Observers.Add(new RunRecorder(folder, trainer.Method));
            if (tensorBoard)
            {
                trainer.Observers.Add(new TensorBoardLog(folder.Run.TensorBoardPath));
            }
        }
        if (trainer.WeightsReadResult is { } taken)
        {
            WeightsLines.Write(settings.Encoder.Weights!, taken, trainer.Method.Encoder, settings.Data.ImageSize);
        }
        using var display = new TrainingDisplay(settings.Epochs, settings.Encoder.Weights);
        trainer.Observers.Add(display);
        RunResult result;
        try
        {
            result = trainer.Run(limit.Token, folder?.States);
        }
        catch (OperationCanceledException)
        {
            display.Dispose();
            if (folder is null)
            {
                Console.Error.WriteLine("Interrupted; nothing was kept, because no --output was given.");
                return ExitCode.Interrupted;
            }
            ModelWeights.Save(folder.Run.CheckpointPath, trainer.Method);
            Console.Error.WriteLine($"{limit.Reason}; the weights of the last step are in {folder.Run.CheckpointPath}, and --resume continues from there.");
            return limit.ExitCode;
        }
        display.Dispose();

        TrainingSummary.Write(result, memory.Describe());
        if (folder is not null)
        {
            if (settings.Epochs == 0)
            {
                ModelWeights.Save(folder.Run.CheckpointPath, trainer.Method);
            }
            using var work = new ActivityLine("drawing the report");
            RunPictures pictures = RunPictures.Draw(registry, settings, data.WhyNoAccuracy is null ? data.Train.ClassNames : [], result, trainer);
            pictures.Save(folder.Run.PicturesPath);
            Report.Write(folder.Run.ReportPath, registry, settings, data, result, pictures);
            folder.States.End(settings.KeepState);
            folder.WriteResult(result); // after all else: it says that the run is over
            work.Dispose();
            AnsiConsole.MarkupLineInterpolated($"Curves, views and settings: {folder.Run.ReportPath}");
        }
        return ExitCode.Success;
    }
}
