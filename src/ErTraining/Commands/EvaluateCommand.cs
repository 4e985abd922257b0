using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ErTraining.Data;
using ErTraining.Encoders;
using ErTraining.Evaluation;
using ErTraining.Reporting;
using ErTraining.Training;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Commands;

/// <summary><c>evaluate</c>: says what the features of a trained encoder are worth.</summary>
internal static class EvaluateCommand
{
    private static readonly Option<string?> s_checkpoint = RequiredCheckpoint();

    private static readonly Option<bool> s_untrained = Options.Flag(
        "--untrained", "Evaluate the encoder as it was before training, for comparison.");

    private static readonly Option<string?> s_data = SharedOptions.Data(" [default: what the run was trained on]", null);

    private static readonly Option<int?> s_trainImages = SharedOptions.TrainImages();

    private static readonly Option<string?> s_device = SharedOptions.Device();

    private static readonly Option<int?> s_threads = SharedOptions.Threads();

    private static readonly Option<string?> s_output = Options.Text("--output", "JSON file for the result.", "FILE");

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        var command = new Command("evaluate", "Measure a trained encoder: kNN and linear-probe accuracy of its features.")
        {
            s_checkpoint, s_untrained, s_data, s_trainImages, s_device, s_threads, s_output,
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        var sinceStart = Stopwatch.StartNew();
        string? output = parsed.GetValue(s_output);
        if (output is not null)
        {
            Prepare(output);
        }
        Device device = SharedOptions.UseDevice(parsed.GetRequiredValue(s_device)!, parsed.GetValue(s_threads));
        (TrainingSettings settings, string checkpoint) = RunFolder.Find(parsed.GetRequiredValue(s_checkpoint)!);
        bool untrained = parsed.GetValue(s_untrained);
        string? otherData = parsed.GetValue(s_data);
        int? trainImages = parsed.GetValue(s_trainImages) ?? (otherData is null ? settings.TrainImages : null);

        Trainer.SeedWeights(settings.Seed);
        using Encoder encoder = EncoderCatalog.Create(settings.Encoder);
        if (!untrained)
        {
            Checkpoint.LoadEncoder(checkpoint, encoder);
        }
        encoder.to(device);
        ImageData data = DataSource.Load(otherData ?? settings.Data, trainImages, settings.Seed);
        if (data.Train.Count < 2)
        {
            throw new DataException($"{data.Name}: a single training image; two at least are wanted.");
        }
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{settings.Encoder}[/], {(untrained ? "untrained" : $"trained with {settings.Method}")}, {encoder.FeatureDimension} features an image, on {Devices.Describe(device)}");
        AnsiConsole.MarkupLineInterpolated($"{data.Summary}");

        double knn;
        LinearProbeResult probe;
        try
        {
            (knn, probe) = Measure(encoder, data, device, checkpoint, cancellation);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Interrupted; nothing was written.");
            return ExitCode.Interrupted;
        }
        var result = new EvaluationResult(
            checkpoint,
            settings.Encoder,
            untrained,
            otherData ?? settings.Data,
            device.ToString(),
            data.Train.Count,
            data.Test.Count,
            encoder.FeatureDimension,
            knn,
            probe.TestAccuracy,
            probe.TrainAccuracy,
            probe.Penalty,
            probe.Iterations,
            probe.Converged,
            sinceStart.Elapsed.TotalSeconds);
        EvaluationSummary.Write(result);
        if (output is not null)
        {
            Written(output, () => AtomicFile.Write(output, stream => JsonSerializer.Serialize(stream, result, JsonFormat.Document)));
        }
        return ExitCode.Success;
    }

    private static (double Knn, LinearProbeResult Probe) Measure(
        Encoder encoder, ImageData data, Device device, string checkpoint, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var train = new ImageTensors(data.Train, device);
        using var test = new ImageTensors(data.Test, device);
        Tensor trainFeatures = Features.Of(encoder, train.Pixels, cancellation), testFeatures = Features.Of(encoder, test.Pixels, cancellation);
        if (!cat([trainFeatures, testFeatures]).isfinite().all().item<bool>())
        {
            throw new DataException($"{checkpoint}: the encoder's features are not all finite numbers; wanted the weights of a run that went well.");
        }
        return (
            NearestNeighbours.Accuracy(trainFeatures, train.Labels, testFeatures, test.Labels, train.ClassCount),
            LinearProbe.Evaluate(trainFeatures, train.Labels, testFeatures, test.Labels, train.ClassCount, cancellation));
    }

    /// <summary>Finds out before the work whether its result can be written.</summary>
    private static void Prepare(string output)
    {
        if (Directory.Exists(output))
        {
            throw new DataException($"{output}: a folder; --output wants a file.");
        }
        Written(output, () => Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!));
    }

    private static void Written(string output, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{output}: cannot be written to as --output: {e.Message}", e);
        }
    }

    private static Option<string?> RequiredCheckpoint()
    {
        Option<string?> option = Options.Text("--checkpoint", "The --output folder of a training run, or the checkpoint folder in it.", "DIR");
        option.Required = true;
        return option;
    }
}
