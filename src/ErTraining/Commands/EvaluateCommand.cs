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
    private static readonly Option<string?> s_checkpoint = SharedOptions.Checkpoint();

    private static readonly Option<string?> s_weights = SharedOptions.Weights("An encoder's weights, in place of a run's");

    private static readonly Option<string> s_encoder = SharedOptions.Encoder("What --weights are of.");

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
            s_checkpoint, s_weights, s_encoder, s_untrained, s_data, s_trainImages, s_device, s_threads, s_output,
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(
            OutOfMemory.InOneLine(() => Run(parsed, cancellation), "fewer --train-images want less")));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        var sinceStart = Stopwatch.StartNew();
        string? output = parsed.GetValue(s_output);
        if (output is not null)
        {
            OutputFile.Prepare(output);
        }
        Device device = SharedOptions.UseDevice(parsed.GetRequiredValue(s_device)!, parsed.GetValue(s_threads));
        (TrainingSettings settings, string? checkpoint) = Subject(parsed);
        Devices.AllowTf32(settings.Tf32); // as the run had it
        bool untrained = parsed.GetValue(s_untrained);
        string? otherData = parsed.GetValue(s_data);
        int? trainImages = parsed.GetValue(s_trainImages) ?? (otherData is null ? settings.TrainImages : null);

        InitialWeights.Seed(settings.Seed);
        using Encoder encoder = untrained || checkpoint is null ? InitialWeights.Encoder(settings) : EncoderCatalog.Create(settings.Encoder);
        if (!untrained && checkpoint is not null)
        {
            ModelWeights.LoadEncoder(checkpoint, encoder);
        }
        string source = checkpoint ?? settings.Weights!;
        encoder.to(device);
        FeatureCheck.Require(encoder, ImageSet.Size);
        ImageData data = DataSource.Load(otherData ?? settings.Data, trainImages, settings.Seed);
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{settings.Encoder}[/], {(checkpoint is null ? $"the weights in {source}" : untrained ? "untrained" : $"trained with {settings.Method}")}, {encoder.FeatureDimension} features an image, on {Devices.DescribeChoice(device, Precision.Float32, settings.Tf32)}");
        AnsiConsole.MarkupLineInterpolated($"{data.Summary}");

        double knn;
        LinearProbeResult probe;
        try
        {
            (knn, probe) = Measure(encoder, data, device, source, cancellation);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Interrupted; nothing was written.");
            return ExitCode.Interrupted;
        }
        var result = new EvaluationResult(
            source,
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
            OutputFile.Write(output, () => AtomicFile.Write(output, stream => JsonSerializer.Serialize(stream, result, JsonFormat.Document)));
        }
        return ExitCode.Success;
    }

    private static (double Knn, LinearProbeResult Probe) Measure(
        Encoder encoder, ImageData data, Device device, string source, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var train = new ImageTensors(data.Train, device);
        using var test = new ImageTensors(data.Test, device);
        Tensor trainFeatures = Features.Of(encoder, train.Pixels, cancellation), testFeatures = Features.Of(encoder, test.Pixels, cancellation);
        if (!cat([trainFeatures, testFeatures]).isfinite().all().item<bool>())
        {
            throw new DataException($"{source}: the encoder's features are not all finite numbers; wanted the weights of a run that went well.");
        }
        return (
            NearestNeighbours.Accuracy(trainFeatures, train.Labels, testFeatures, test.Labels, train.ClassCount),
            LinearProbe.Evaluate(trainFeatures, train.Labels, testFeatures, test.Labels, train.ClassCount, cancellation));
    }

    /// <summary>What is to be evaluated: the settings of a run and the folder of its weights, or settings that name a file of weights, and no folder.</summary>
    private static (TrainingSettings Settings, string? Checkpoint) Subject(ParseResult parsed)
    {
        if (parsed.GetValue(s_weights) is not { } weights)
        {
            return parsed.GetResult(s_encoder) is { Implicit: false }
                ? throw new UsageException("--encoder goes with --weights; a run's encoder is in its settings.")
                : RunFolder.Find(parsed.GetValue(s_checkpoint) ?? throw new UsageException("--checkpoint or --weights is wanted."));
        }
        string[] others = [.. from option in (Option[])[s_checkpoint, s_untrained] where parsed.GetResult(option) is { Implicit: false } select option.Name];
        return others is [var other, ..]
            ? throw new UsageException($"{other} does not go with --weights; leave one of them out.")
            : (new TrainingSettings { Encoder = parsed.GetValue(s_encoder)!, Weights = weights }, null);
    }
}
