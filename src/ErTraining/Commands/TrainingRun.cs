using System.CommandLine;
using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Runs;
using ErLoss.Training.Studies;
using ErTraining.CommandLine;
using ErTraining.Ranks;
using ErTraining.Terminal;
using Spectre.Console;
using TorchSharp;

namespace ErTraining.Commands;

/// <summary>A run of <c>train</c>, from its beginning or from a state to its end, or until the limit. Rank 0 alone prints, and reads and writes the output folder.</summary>
/// <param name="registry">The kinds there are.</param>
/// <param name="options">Say which setting has which option.</param>
/// <param name="parsed">The command line.</param>
/// <param name="job">The ranks that train together.</param>
/// <param name="limit">Ends it.</param>
internal sealed partial class TrainingRun(Registry registry, SettingOptions options, ParseResult parsed, RankJob job, TimeLimit limit)
{
    private static readonly string s_version = InfoCommand.VersionOf(typeof(TrainingRun));

    private ProcessGroup? Group => job.Group;

    /// <summary>Trains and keeps nothing.</summary>
    /// <returns>The exit code.</returns>
    public int Try()
    {
        RunSettings settings = Together(() => options.Fresh(parsed, limit.Token));
        job.Compare(group => RankSettings.RequireSame(group, registry.Document, settings, s_version, options.NamesIn(parsed)));
        return Train(settings, null, null, null, null, tensorBoard: false);
    }

    /// <summary>Trains and keeps the run in a folder.</summary>
    /// <param name="output">The folder.</param>
    /// <param name="resume">Whether to go on with the run that is there.</param>
    /// <param name="interval">Time between the checkpoints within an epoch.</param>
    /// <param name="tensorBoard">Whether the metrics go to TensorBoard, too.</param>
    /// <returns>The exit code.</returns>
    public int Keep(string output, bool resume, TimeSpan interval, bool tensorBoard)
    {
        RunSettings? fresh = resume ? null : Together(() => options.Fresh(parsed, limit.Token)), began = null;
        RunWriter? folder = null;
        try
        {
            job.OnFirst(() =>
            {
                folder = new RunWriter(output, interval, registry);
                if (!resume)
                {
                    folder.Run.CheckIsFree(); // with the lock, under which no other process begins a run
                }
                began = resume && folder.Run.HoldsRun ? folder.Run.ReadSettings() : null;
            });
            began = RankSettings.OfRankZero(Group, registry.Document, began);
            bool isFinished = job.FromFirst(folder?.Run.IsFinished == true);
            RunSettings settings = Together(() =>
            {
                RunSettings wanted = began is not null ? ResumedSettings.Of(registry, options, new RunReader(output, registry), began, parsed, limit.Token) : fresh ?? options.Fresh(parsed, limit.Token);
                RunImages.CheckIsOutside(wanted.Data, output);
                return wanted;
            });
            job.Compare(group => RankSettings.RequireSame(group, registry.Document, settings, s_version, options.NamesIn(parsed)));
            if (isFinished && began?.Epochs == settings.Epochs)
            {
                AnsiConsole.MarkupLineInterpolated($"The run in {output} is finished: {folder?.Run.ReportPath}");
                return ExitCode.Success;
            }
            return GoOn(output, settings, folder, began, isFinished, tensorBoard || Directory.Exists(folder?.Run.TensorBoardPath));
        }
        finally
        {
            folder?.Dispose();
        }
    }

    /// <summary>Does something on all ranks; an error of a setting becomes one of its option.</summary>
    private T Together<T>(Func<T> work) => job.Together(() => options.InWords(parsed, work));

    /// <summary>Does something with the folder, which rank 0 alone has. What is in it by then is worth going on with.</summary>
    private void OnFirst(Action work) => job.OnFirst(() => Resumably(() =>
    {
        work();
        return true;
    }));

    private static T Resumably<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingFailedException($"{e.Message.TrimEnd('.')}. When the cause is removed, the same command{(ParentLink.IsTied ? "" : " with --resume")} continues from the last checkpoint."); // a study always continues
        }
    }

    /// <summary>Trains from the state in the folder, if there is one.</summary>
    private int GoOn(string output, RunSettings settings, RunWriter? folder, RunSettings? began, bool isFinished, bool tensorBoard)
    {
        TrainingState? state = null;
        OnFirst(() =>
        {
            state = folder!.States.Newest(unsound => Console.Error.WriteLine($"warning: {unsound} Looking for one before it."));
            if (state is null && isFinished)
            {
                throw new DataException($"{folder.Run.CheckpointPath}: the checkpoint of this finished run is missing, and without it no epochs can be added; put it back, or start another run from the weights (export writes them, and train --weights reads them).");
            }
        });
        state = StateBroadcast.From(Group, state);
        if (began is not null && began.Epochs != settings.Epochs)
        {
            settings = Together(() => ResumedSettings.WithOtherEpochs(began, settings, output, state));
        }
        return Resumably(() => Train(settings, output, folder, began, state, tensorBoard));
    }

    /// <summary>Trains.</summary>
    /// <param name="settings">Of the run.</param>
    /// <param name="output">The folder that the run goes into; null if nothing is kept.</param>
    /// <param name="folder">The same, on rank 0 alone.</param>
    /// <param name="began">The settings in the folder; null if no run has begun there.</param>
    /// <param name="state">Where the run goes on from; null if at its beginning.</param>
    /// <param name="tensorBoard">Whether the metrics go to TensorBoard, too.</param>
    private int Train(RunSettings settings, string? output, RunWriter? folder, RunSettings? began, TrainingState? state, bool tensorBoard)
    {
        torch.Device device = Together(() => Device(settings));
        settings = WithCompute(settings, began, device);
        if (settings.Preset is { } name && settings.Method.Presets.TryGetValue(name, out Preset? preset))
        {
            AnsiConsole.MarkupLineInterpolated($"{preset.Describe(settings.Method.Objective)}");
        }
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{registry.Document.NameOf(settings.Method)}[/] with the {(settings.Method.Objective == Objective.Er ? "entropy-reconstruction" : "native")} loss, {registry.Document.NameOf(settings.Encoder)}, {job.Describe()}on {Devices.DescribeChoice(device, settings.Compute.Precision, settings.Compute.Tf32)}");
        string? images = began is not null && options.GivenName(parsed, "data") is null ? output : null;
        ImageData data = Together(() => RunImages.Load(settings.Data, settings.Seed, images, output, options.NamesIn(parsed), limit.Token, job.Machine.LocalSize));
        AnsiConsole.MarkupLineInterpolated($"{data.Summary}");
        data = RunImages.RequireSame(data, settings.Data, job, limit.Token);

        var memory = new DeviceMemoryUse(device);
        using Trainer trainer = Together(() => new Trainer(registry, settings, data, device, Group));
        settings = settings with { Used = trainer.Used };
        Restore(trainer, settings, folder, began, state);
        OnFirst(() => Record(trainer, data, folder, tensorBoard));
        if (trainer.WeightsReadResult is { } taken)
        {
            WeightsLines.Write(settings.Encoder.Weights!, taken, trainer.Method.Encoder, settings.Data.ImageSize);
        }
        using var display = new TrainingDisplay(settings.Epochs, settings.Encoder.Weights);
        trainer.Observers.Add(display);
        RunResult result;
        try
        {
            result = trainer.Run(limit.Token, Group is null || job.IsFirst ? folder?.States : new SaveRequestWatch());
        }
        catch (OperationCanceledException)
        {
            display.Dispose();
            return Interrupted(output, folder, trainer);
        }
        display.Dispose();

        TrainingSummary.Write(result, memory.Describe());
        OnFirst(() => End(settings, data, trainer, result, folder));
        return ExitCode.Success;
    }

    /// <summary>The device, made ready.</summary>
    private torch.Device Device(RunSettings settings)
    {
        torch.Device device = job.FindDevice(settings.Compute);
        if (options.GivenName(parsed, "tf32") is { } option && device.type != DeviceType.CUDA)
        {
            throw new UsageException($"{option} is for a GPU, but this run is on {device}; leave it out.");
        }
        Devices.AllowTf32(settings.Compute.Tf32);
        return device;
    }

    /// <summary>The settings as they are recorded, with the device, and with the number of threads, which is set.</summary>
    private RunSettings WithCompute(RunSettings settings, RunSettings? began, torch.Device device)
    {
        bool isForOtherRanks = began is not null && began.Used.Ranks != Group?.Size && options.GivenName(parsed, "threads") is null;
        job.UseThreads(isForOtherRanks ? null : settings.Compute.Threads);
        bool isEachAnother = Group is not null && device.type == DeviceType.CUDA && settings.Compute.Device is "auto" or "cuda";
        return settings with
        {
            Version = began is not null ? settings.Version : s_version,
            Compute = settings.Compute with { Threads = torch.get_num_threads(), Device = isEachAnother ? "cuda" : device.ToString() },
        };
    }
}
