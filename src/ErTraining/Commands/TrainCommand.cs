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

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        var command = new Command("train", "Train an encoder on unlabelled images (the default).");
        foreach (Option option in TrainingOptions.All)
        {
            command.Add(option);
        }
        command.Add(s_output);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(TrainingOptions.Read(parsed), parsed.GetValue(s_output), cancellation)));
        return command;
    }

    private static int Run(TrainingSettings settings, string? output, CancellationToken cancellation)
    {
        torch.Device device = SharedOptions.UseDevice(settings.Device, settings.Threads);
        if (output is not null)
        {
            RunFolder.CheckIsFree(output);
        }

        ImageData data = DataSource.Load(settings.Data, settings.TrainImages, settings.Seed);
        settings = settings with
        {
            Version = InfoCommand.VersionOf(typeof(TrainCommand)),
            TrainImages = data.Train.Count,
            Estimator = settings.Estimator ?? MethodCatalog.Describe(settings.Method).UsualEstimator,
            Ema = settings.Ema ?? MethodCatalog.Describe(settings.Method).UsualMomentum,
            LearningRate = settings.LearningRate ?? Optimizers.DefaultLearningRate(settings.Optimizer),
            Threads = torch.get_num_threads(),
            Device = device.ToString(),
        };
        if (settings.Preset is { } preset)
        {
            AnsiConsole.MarkupLineInterpolated($"Settings of {MethodCatalog.Describe(settings.Method).Recipes[preset].Source}");
        }
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{settings.Method}[/] with the {(settings.Objective == Objective.Er ? "entropy-reconstruction" : "native")} loss, {settings.Encoder}, on {Devices.Describe(device)}");
        AnsiConsole.MarkupLineInterpolated($"{data.Summary}");

        using var display = new TrainingDisplay(settings.Epochs);
        var history = new TrainingHistory(display);
        using var trainer = new Trainer(settings, data, device, history);
        RunFolder? folder = output is null ? null : new RunFolder(output, settings);
        if (folder is not null)
        {
            history.EpochDone += metrics =>
            {
                folder.AppendMetrics(metrics);
                Checkpoint.Save(folder.CheckpointPath, trainer.Method);
            };
        }
        RunResult result;
        try
        {
            result = trainer.Run(cancellation);
        }
        catch (OperationCanceledException)
        {
            display.Dispose();
            if (folder is null)
            {
                Console.Error.WriteLine("Interrupted; nothing was kept, as no --output was given.");
                return ExitCode.Interrupted;
            }
            Checkpoint.Save(folder.CheckpointPath, trainer.Method);
            Console.Error.WriteLine($"Interrupted; the weights as they were are in {folder.CheckpointPath}.");
            return ExitCode.Interrupted;
        }
        display.Dispose();

        TrainingSummary.Write(result);
        if (folder is not null)
        {
            if (settings.Epochs == 0)
            {
                Checkpoint.Save(folder.CheckpointPath, trainer.Method);
            }
            folder.WriteResult(result);
            Report.Write(folder.ReportPath, settings, data, result, history.Epochs, trainer.Method, device);
            AnsiConsole.MarkupLineInterpolated($"Curves, views and settings: {folder.ReportPath}");
        }
        return ExitCode.Success;
    }
}
