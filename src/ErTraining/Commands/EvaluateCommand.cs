using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Evaluation;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErLoss.Training.Distributed;
using ErLoss.Training.Runs;
using ErTraining.CommandLine;
using ErTraining.Ranks;
using ErTraining.Terminal;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Commands;

/// <summary><c>evaluate</c>: says what the features of a trained encoder are worth.</summary>
internal static class EvaluateCommand
{
    private static readonly Option<string?> s_checkpoint = SharedOptions.Checkpoint();

    private static readonly Option<bool> s_untrained = Options.Flag(
        "--untrained", "Measure the encoder as it was before training, for comparison.");

    private static readonly Option<string?> s_output = Options.Text("--output", "JSON file to write the result to.", "FILE");

    /// <summary>What is used where these are not given depends on what is measured.</summary>
    private static readonly Dictionary<string, OptionHelp> s_help = new()
    {
        ["data"] = new(Default: "that of the run; synthetic with --weights"),
        ["train_images"] = new(Default: "as many as the run used; all of them with --data or --weights"),
        ["test_images"] = new(Default: "as many as the run used; all of them with --data or --weights"),
        ["background"] = new(Default: "that of the run or of the file of --weights, else white"),
        ["image_size"] = new(Default: "that of the run, or the one that the file of --weights names, else 224 with ImageNet's stem and 32 without"),
        ["labels"] = new(Default: "that of the run; auto with --data or --weights"),
        ["skip_unreadable"] = new(Default: "as the run did; false with --data or --weights"),
        ["max_pixels"] = new(Default: "that of the run; 67108864 with --data or --weights"),
        ["cache"] = new(
            "Decode the images of a folder once, into a file in DIR, and read them from there, now and at later starts. This happens by itself, in the folder of the run, if the images do not fit in memory.",
            "that of the run, unless --data is given; else the folder of the run, if the images do not fit in memory"),
        ["encoder"] = new("Encoder network that the weights in the file of --weights are for.", "the one that the file names, else convnet"),
        ["weights"] = new("Safetensors file with the weights of the encoder to measure, as export or PyTorch writes it.", ""),
    };

    /// <summary>The command as the command line knows it.</summary>
    /// <param name="registry">The kinds there are.</param>
    /// <param name="job">The ranks that share the work; this process alone if null.</param>
    public static Command Create(Registry registry, RankJob? job = null)
    {
        RankJob ranks = job ?? RankJob.Alone();
        var options = new SettingOptions(
            registry, setting => setting.Path.Split('.')[0] is "data" or "encoder" || setting.Word is "device" or "threads", s_help);
        var command = new Command("evaluate", "Measure the features of a trained encoder: the accuracy of nearest neighbours (kNN) and of a linear classifier (linear probe). --checkpoint names the run whose encoder is measured, on the images of that run unless --data is given. --weights names a file with an encoder instead; --encoder and --data go with it.");
        foreach (Option option in (IEnumerable<Option>)[s_checkpoint, s_untrained, .. options.All, SharedOptions.Mpi, s_output])
        {
            command.Add(option);
        }
        command.SetAction((parsed, cancellation) => Task.FromResult(
            OutOfMemory.InOneLine(() => options.InWords(parsed, () => Run(parsed, registry, options, ranks, cancellation)), "fewer --train-images need less memory")));
        return command;
    }

    private static int Run(ParseResult parsed, Registry registry, SettingOptions options, RankJob job, CancellationToken cancellation)
    {
        var sinceStart = Stopwatch.StartNew();
        string? output = parsed.GetValue(s_output);
        bool untrained = parsed.GetValue(s_untrained);
        (RunSettings settings, ImagePreprocessing preprocessing, string? checkpoint) = Together(() =>
        {
            if (output is not null && job.IsFirst)
            {
                OutputFile.Prepare(output);
            }
            return Subject(parsed, registry, options);
        });
        job.RequireSameCommand("evaluate");
        Device device = Together(() => job.FindDevice(settings.Compute));
        job.UseThreads(settings.Compute.Threads);
        Tf32 tf32 = settings.Compute.Tf32;
        Devices.AllowTf32(tf32); // as the run had it

        using Encoder encoder = Together(() => Encoder(registry, settings, untrained ? null : checkpoint));
        string source = checkpoint ?? settings.Encoder.Weights!, name = registry.Document.NameOf(settings.Encoder);
        encoder.to(device);
        job.Compare(group => RankComparison.Require(group, WeightChecksum.Of(encoder), (odd, others) => new DataException($"{odd.Ranks}: other weights than on {others.Ranks}; give all ranks the same ones ({source}).")));
        Together(() =>
        {
            EncoderOptions.RequireRightFeatures(encoder, settings.Data.ImageSize);
            return true;
        });
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{WeightsLines.Describe(name, encoder)}[/], {(checkpoint is null ? $"the weights in {source}" : untrained ? settings.Encoder.Weights is { } weights ? $"the weights in {weights}, before training" : "untrained" : $"trained with {registry.Document.NameOf(settings.Method)}")}, {encoder.FeatureDimension} features an image, {job.Describe()}on {Devices.DescribeChoice(device, Precision.Float32, tf32)}");
        ImageData data = Together(() =>
        {
            ImageData images = RunImages.Load(settings.Data, settings.Seed, options.GivenName(parsed, "data") is null ? parsed.GetValue(s_checkpoint) : null, checkpoint is null ? null : Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(checkpoint))), options.NamesIn(parsed), cancellation, job.Machine.LocalSize);
            RunImages.RequireLabels(images, "accuracies need");
            return images;
        });
        AnsiConsole.MarkupLineInterpolated($"{data.Summary}");
        RunImages.RequireSame(data, settings.Data, job, cancellation);

        (ConfusionMatrix knn, LinearProbeResult? probe) = Measure(encoder, preprocessing, data, device, source, job, cancellation);
        job.OnFirst(() => Write(probe!));
        return ExitCode.Success;

        T Together<T>(Func<T> work) => job.Together(() => options.InWords(parsed, work));

        void Write(LinearProbeResult probe)
        {
            var result = new EvaluationResult(
                source,
                name,
                untrained,
                settings.Data.Source,
                device.ToString(),
                data.Train.Count,
                data.Test.Count,
                data.Train.LabelledCount,
                data.Test.LabelledCount,
                encoder.FeatureDimension,
                knn.Accuracy,
                knn.ByClass(data.Train.ClassNames),
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
            else
            {
                StandardStreams.RequireOutput();
            }
        }
    }

    /// <summary>The encoder with the weights to measure, on the CPU.</summary>
    /// <param name="registry">Makes it.</param>
    /// <param name="settings">Of the run, or of the file of weights.</param>
    /// <param name="trained">The folder of the weights; null for those that the settings begin with.</param>
    private static Encoder Encoder(Registry registry, RunSettings settings, string? trained)
    {
        if (trained is null)
        {
            WeightsReadResult? taken = null;
            Encoder initial = InitialWeights.Encoder(registry, settings, result => taken = result);
            if (taken is not null)
            {
                WeightsLines.Write(settings.Encoder.Weights!, taken, initial, settings.Data.ImageSize);
            }
            return initial;
        }
        Encoder encoder = registry.CreateEncoder(settings.Encoder, settings.Data.ImageSize, ModelWeights.FileIn(trained));
        ModelWeights.LoadEncoder(trained, encoder);
        return encoder;
    }

    /// <summary>What the features are worth. All ranks compute them, each a share; rank 0 alone trains the linear probe.</summary>
    private static (ConfusionMatrix Knn, LinearProbeResult? Probe) Measure(
        Encoder encoder, ImagePreprocessing preprocessing, ImageData data, Device device, string source, RankJob job, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var train = new ImageTensors(data.Train, device);
        using var test = new ImageTensors(data.Test, device);
        using var work = new ActivityLine("computing the features of the training images");
        (Tensor trainFeatures, Tensor trainLabels) = train.LabelledFeaturesOf(encoder, preprocessing, work, job.Group, cancellation);
        (Tensor testFeatures, Tensor testLabels) = test.LabelledFeaturesOf(encoder, preprocessing, work.Is("computing the features of the test images"), job.Group, cancellation);
        if (!cat([trainFeatures, testFeatures]).isfinite().all().item<bool>())
        {
            throw new DataException($"{source}: the encoder's features are not all finite numbers; wanted the weights of a run that went well.");
        }
        work.Is("finding nearest neighbours");
        var knn = new ConfusionMatrix(testLabels, FeatureEvaluation.Predict((trainFeatures, trainLabels), testFeatures, train.ClassCount, job.Group, cancellation), train.ClassCount);
        work.Is("training the linear probe");
        return (knn, job.Together(() => job.IsFirst
            ? LinearProbe.Evaluate(trainFeatures, trainLabels, testFeatures, testLabels, train.ClassCount, new ProbeProgress(work), cancellation)
            : null));
    }

    /// <summary>What is to be evaluated: the settings of a run and the folder of its weights, or settings that name a file of weights, and no folder; and how images are given to the encoder.</summary>
    private static (RunSettings Settings, ImagePreprocessing Preprocessing, string? Checkpoint) Subject(ParseResult parsed, Registry registry, SettingOptions options)
    {
        IReadOnlyList<(string Word, string Value)> given = options.Given(parsed);
        if (options.GivenName(parsed, "weights") is not null)
        {
            string[] others = [.. from option in (Option[])[s_checkpoint, s_untrained] where parsed.GetResult(option) is { Implicit: false } select option.Name];
            if (others is [var other, ..])
            {
                throw new UsageException($"{other} does not go with --weights; leave one of them out.");
            }
            (RunSettings settings, ImagePreprocessing preprocessing) = OfFile(parsed, registry, options, given);
            return (settings, preprocessing, null);
        }
        string[] ofEncoder = [.. registry.Document.Settings.Where(setting => setting.Path.StartsWith("encoder.", StringComparison.Ordinal)).Select(setting => setting.Word)];
        if (given.FirstOrDefault(setting => ofEncoder.Contains(setting.Word)).Word is { } word)
        {
            throw new UsageException($"{options.GivenName(parsed, word)} goes with --weights; a run's encoder is in its settings.");
        }
        (RunSettings run, string checkpoint) = RunReader.Find(
            parsed.GetValue(s_checkpoint) ?? throw new UsageException("--checkpoint or --weights is wanted."), registry);
        DataSettings data = given.Any(setting => setting.Word == "data") ? new DataSettings { Background = run.Data.Background, ImageSize = run.Data.ImageSize } : run.Data; // a number of images is for the run's own
        return (registry.Document.With(run with { Data = data, Compute = run.Compute with { Device = "auto", Threads = null } }, given), run.Preprocessing, checkpoint);
    }

    /// <summary>The defaults, with the network and the size of images that the file of <c>--weights</c> names, unless the command line does.</summary>
    private static (RunSettings Settings, ImagePreprocessing Preprocessing) OfFile(ParseResult parsed, Registry registry, SettingOptions options, IReadOnlyList<(string Word, string Value)> given)
    {
        string file = given.First(setting => setting.Word == "weights").Value;
        EncoderMetadata metadata = EncoderFile.ReadMetadata(file);
        var settings = new RunSettings { Data = new DataSettings { Background = metadata.Preprocessing.Background } };
        if (options.GivenName(parsed, "image_size") is null)
        {
            EncoderOptions.CheckSize(metadata.Preprocessing, file);
            settings = settings with { Data = settings.Data with { ImageSize = metadata.Preprocessing.ImageSize } };
        }
        settings = registry.Document.With(
            settings, metadata.Network is { } named && registry.Encoders.Contains(named) && options.GivenName(parsed, "encoder") is null ? [("encoder", named), .. given] : given);
        return (settings, metadata.Preprocessing);
    }

    /// <summary>The linear probe's progress in words.</summary>
    private sealed class ProbeProgress(ActivityLine work) : IProgress<int>
    {
        public void Report(int value) =>
            work.Is($"training the linear probe, iteration {value:n0}");
    }
}
