using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Data;
using ErLoss.Training.Runs;
using ErTraining.Reports;
using ErTraining.Terminal;
using Spectre.Console;

namespace ErTraining.Commands;

/// <content>What goes from the output folder into the run, and from the run into the folder.</content>
internal sealed partial class TrainingRun
{
    /// <summary>Takes up the state, if there is one, and writes the settings if they are new.</summary>
    private void Restore(Trainer trainer, RunSettings settings, RunWriter? folder, RunSettings? began, TrainingState? state)
    {
        bool hadWeights = state?.HasWeights == true;
        if (state is not null && !hadWeights)
        {
            OnFirst(() => state = state with { Method = ModelWeights.Read(folder!.Run.CheckpointPath) });
            state = StateBroadcast.From(Group, state);
        }
        Together(() =>
        {
            if (state is not null)
            {
                trainer.Restore(state);
            }
            return true;
        });
        OnFirst(() =>
        {
            if (state is not null && !hadWeights)
            {
                folder!.States.Save(state); // once it is known to be of this run, and before the file of the weights or the settings change
            }
            if (began is null)
            {
                folder?.WriteSettings(settings);
            }
            else if (began.Epochs != settings.Epochs)
            {
                folder!.Reopen(settings);
            }
        });
    }

    /// <summary>Has the folder receive what the run comes to.</summary>
    private static void Record(Trainer trainer, ImageData data, RunWriter? folder, bool tensorBoard)
    {
        if (folder is null)
        {
            return;
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

    /// <summary>Writes the weights of a run that all ranks have stopped at the same step.</summary>
    /// <returns>The exit code.</returns>
    private int Interrupted(string? output, RunWriter? folder, Trainer trainer)
    {
        if (folder is not null)
        {
            ModelWeights.Save(folder.Run.CheckpointPath, trainer.Method); // first of all: a launcher ends the ranks soon after its signal
        }
        limit.Agree(Group);
        Console.Error.WriteLine(output is null
            ? "Interrupted; nothing was kept, because no --output was given."
            : $"{limit.Reason}; the weights of the last step are in {folder?.Run.CheckpointPath}, and --resume continues from there.");
        return output is null ? ExitCode.Interrupted : limit.ExitCode;
    }

    /// <summary>Writes the report and the result of a run that is over.</summary>
    private void End(RunSettings settings, ImageData data, Trainer trainer, RunResult result, RunWriter? folder)
    {
        if (folder is null)
        {
            return;
        }
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
}
