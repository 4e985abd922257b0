using System.CommandLine;
using ErLoss.Modules;
using ErTraining.Data;
using ErTraining.Encoders;
using ErTraining.Methods;
using ErTraining.Reporting;
using ErTraining.Training;
using Spectre.Console;
using TorchSharp;

namespace ErTraining.Commands;

/// <summary><c>train</c>: trains an encoder and says what it has learnt.</summary>
internal static class TrainCommand
{
    private static readonly TrainingSettings s_defaults = new();

    private static readonly Option<string> s_method = Options.Choice(
        "--method", "The self-supervised method.", s_defaults.Method, MethodCatalog.Names);

    private static readonly Option<string> s_objective = Options.Choice(
        "--objective", "The entropy-reconstruction loss, or the method's own.", "er", "er", "native");

    private static readonly Option<string?> s_data = Options.Text(
        "--data", "'synthetic', or a folder with CIFAR-10's or CIFAR-100's binary files.", "synthetic|DIR", s_defaults.Data);

    private static readonly Option<int?> s_trainImages = Options.Number<int?>(
        "--train-images", "Use the first N training images only.", "N", n => n >= 1, "a whole number from 1 up", null);

    private static readonly Option<int> s_epochs = Options.Number(
        "--epochs", "Passes over the training images.", "N", n => n >= 0, "a whole number from 0 up", s_defaults.Epochs);

    private static readonly Option<int> s_batchSize = Options.Number(
        "--batch-size", "Images a step.", "N", n => n >= 2, "a whole number from 2 up", s_defaults.BatchSize);

    private static readonly Option<double> s_kappa = Options.Number(
        "--kappa",
        "Concentration of the ER loss; its inverse is NT-Xent's temperature.",
        "X",
        kappa => kappa is >= 1e-6 and <= 1e6,
        "a number from 1e-6 to 1e6",
        s_defaults.Kappa);

    private static readonly Option<bool> s_learnKappa = Options.Flag("--learn-kappa", "Learn kappa with the weights.");

    private static readonly Option<string> s_estimator = Options.Choice(
        "--estimator", "How the entropy is estimated; auto is joe on the sphere and plugin for discrete heads.", "auto", "auto", "plugin", "joe");

    private static readonly Option<bool> s_leaveOneOut = Options.Flag("--leave-one-out", "Leave a row out of its own density estimate.");

    private static readonly Option<double> s_entropyWeight = Options.Number(
        "--entropy-weight", "Weight of the entropy in the ER loss.", "X", NotNegative, "a number from 0 up", s_defaults.EntropyWeight);

    private static readonly Option<double?> s_ema = Options.Number<double?>(
        "--ema", "Coefficient of the teacher's moving average at the start [default: the method's].", "X", x => x is >= 0 and <= 1, "a number from 0 to 1", null);

    private static readonly Option<string> s_emaSchedule = Options.Choice(
        "--ema-schedule", "How the coefficient goes on: to one along a cosine, or fixed.", "cosine", "cosine", "fixed");

    private static readonly Option<bool> s_noCentering = Options.Flag("--no-centering", "Do not centre the teacher's outputs.");

    private static readonly Option<int?> s_prototypes = Options.Number<int?>(
        "--prototypes", "Prototypes or clusters of a discrete head [default: the method's].", "N", n => n >= 2, "a whole number from 2 up", null);

    private static readonly Option<int?> s_hiddenDimension = Options.Number<int?>(
        "--hidden-dimension", "Width of the heads' hidden layers [default: the method's].", "N", n => n >= 1, "a whole number from 1 up", null);

    private static readonly Option<int?> s_projectionDimension = Options.Number<int?>(
        "--projection-dimension", "Length of a projection [default: the method's].", "N", n => n >= 2, "a whole number from 2 up", null);

    private static readonly Option<string> s_encoder = Options.Choice(
        "--encoder", "What turns images into features.", s_defaults.Encoder, EncoderCatalog.Names);

    private static readonly Option<string> s_optimizer = Options.Choice("--optimizer", "The rule the weights are moved by.", "adamw", "adamw", "sgd", "lars");

    private static readonly Option<double?> s_learningRate = Options.Number<double?>(
        "--learning-rate", "Learning rate at its peak [default: 0.003 for adamw, 0.3 for sgd, 1 for lars].", "X", Positive, "a positive number", null);

    private static readonly Option<double?> s_warmupEpochs = Options.Number<double?>(
        "--warmup-epochs", "Epochs in which the learning rate rises to its peak [default: a tenth of all].", "X", NotNegative, "a number from 0 up", null);

    private static readonly Option<double> s_weightDecay = Options.Number(
        "--weight-decay", "Weight decay; biases and norms are spared.", "X", NotNegative, "a number from 0 up", s_defaults.WeightDecay);

    private static readonly Option<int> s_evaluations = Options.Number(
        "--evaluations", "Evaluations in the course of training.", "N", n => n >= 1, "a whole number from 1 up", s_defaults.Evaluations);

    private static readonly Option<string?> s_device = Options.Text("--device", "Where to compute.", "auto|cpu|cuda[:N]", s_defaults.Device);

    private static readonly Option<int?> s_threads = Options.Number<int?>(
        "--threads", "Threads of CPU kernels.", "N", n => n is >= 1 and <= 1024, "a whole number from 1 to 1024", null);

    private static readonly Option<int> s_seed = Options.Number(
        "--seed", "Seed of all random numbers.", "N", n => n >= 0, "a whole number from 0 up", s_defaults.Seed);

    private static readonly Option<string?> s_output = Options.Text(
        "--output", "Folder for settings, metrics, weights and the report.", "DIR");

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        var command = new Command("train", "Train an encoder on unlabelled images (the default).")
        {
            s_method, s_objective, s_data, s_trainImages, s_epochs, s_batchSize, s_kappa, s_learnKappa, s_estimator, s_leaveOneOut,
            s_entropyWeight, s_ema, s_emaSchedule, s_noCentering, s_prototypes, s_hiddenDimension, s_projectionDimension, s_encoder, s_optimizer,
            s_learningRate, s_warmupEpochs, s_weightDecay, s_evaluations, s_device, s_threads, s_seed, s_output,
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(Settings(parsed), parsed.GetValue(s_output), cancellation)));
        return command;
    }

    private static TrainingSettings Settings(ParseResult parsed) => new()
    {
        Method = parsed.GetRequiredValue(s_method),
        Objective = parsed.GetValue(s_objective) == "native" ? Objective.Native : Objective.Er,
        Data = parsed.GetValue(s_data)!,
        TrainImages = parsed.GetValue(s_trainImages),
        Epochs = parsed.GetValue(s_epochs),
        BatchSize = parsed.GetValue(s_batchSize),
        Kappa = parsed.GetValue(s_kappa),
        LearnKappa = parsed.GetValue(s_learnKappa),
        Estimator = parsed.GetValue(s_estimator) switch { "plugin" => EntropyEstimator.PlugIn, "joe" => EntropyEstimator.Joe, _ => null },
        LeaveOneOut = parsed.GetValue(s_leaveOneOut),
        EntropyWeight = parsed.GetValue(s_entropyWeight),
        Ema = parsed.GetValue(s_ema),
        EmaSchedule = parsed.GetValue(s_emaSchedule) == "fixed" ? EmaSchedule.Fixed : EmaSchedule.Cosine,
        Centering = !parsed.GetValue(s_noCentering),
        Prototypes = parsed.GetValue(s_prototypes),
        HiddenDimension = parsed.GetValue(s_hiddenDimension),
        ProjectionDimension = parsed.GetValue(s_projectionDimension),
        Encoder = parsed.GetRequiredValue(s_encoder),
        Optimizer = parsed.GetValue(s_optimizer) switch { "sgd" => OptimizerKind.Sgd, "lars" => OptimizerKind.Lars, _ => OptimizerKind.AdamW },
        LearningRate = parsed.GetValue(s_learningRate),
        WarmupEpochs = parsed.GetValue(s_warmupEpochs),
        WeightDecay = parsed.GetValue(s_weightDecay),
        Evaluations = parsed.GetValue(s_evaluations),
        Device = parsed.GetValue(s_device)!,
        Threads = parsed.GetValue(s_threads),
        Seed = parsed.GetValue(s_seed),
    };

    private static int Run(TrainingSettings settings, string? output, CancellationToken cancellation)
    {
        MethodDescription method = MethodCatalog.Describe(settings.Method);
        CheckApplies(settings, method);
        if (!Devices.IsName(settings.Device))
        {
            throw new UsageException($"--device is '{settings.Device}'; auto, cpu, cuda or cuda:N is wanted.");
        }
        torch.Device device = Devices.Find(settings.Device)
            ?? throw new UsageException($"--device is '{settings.Device}', but there is no such device here; --device cpu always works.");
        if (settings.Threads is { } wanted)
        {
            torch.set_num_threads(wanted);
        }
        if (output is not null)
        {
            RunFolder.CheckIsFree(output);
        }

        ImageData data = DataSource.Load(settings.Data, settings.TrainImages, settings.Seed);
        int threads = torch.get_num_threads();
        settings = settings with
        {
            Version = InfoCommand.VersionOf(typeof(TrainCommand)),
            TrainImages = data.Train.Count,
            Estimator = settings.Estimator ?? method.UsualEstimator,
            Ema = settings.Ema ?? method.UsualMomentum,
            LearningRate = settings.LearningRate ?? Optimizers.DefaultLearningRate(settings.Optimizer),
            Threads = threads,
            Device = device.ToString(),
        };
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{settings.Method}[/] with the {(settings.Objective == Objective.Er ? "entropy-reconstruction" : "native")} loss, {settings.Encoder}, on {device}, {threads} {(threads == 1 ? "thread" : "threads")}");
        AnsiConsole.MarkupLineInterpolated(
            $"{data.Name}: {data.Train.Count:n0} training and {data.Test.Count:n0} test images, {data.Train.ClassNames.Count} classes");

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
            Report.Write(folder.ReportPath, settings, data, result, history.Epochs, device);
            AnsiConsole.MarkupLineInterpolated($"Curves, views and settings: {folder.ReportPath}");
        }
        return ExitCode.Success;
    }

    /// <summary>Refuses options that the method or objective has no use for.</summary>
    private static void CheckApplies(TrainingSettings settings, MethodDescription method)
    {
        if (settings.LearnKappa && settings.Objective == Objective.Native)
        {
            throw new UsageException("--learn-kappa goes with --objective er; the native loss does not learn it.");
        }
        Require(!settings.LearnKappa, method => method.LearnsKappa, "--learn-kappa");
        Require(settings.Ema is null, method => method.HasTeacher, "--ema");
        Require(settings.Centering, method => method.HasCentering, "--no-centering");
        Require(settings.Prototypes is null, method => method.IsDiscrete, "--prototypes");
        Require(settings.Estimator != EntropyEstimator.Joe || settings.Objective == Objective.Native, method => !method.IsDiscrete, "--estimator joe");

        void Require(bool unused, Func<MethodDescription, bool> applies, string option)
        {
            if (!unused && !applies(method))
            {
                throw new UsageException($"{option} has no meaning for --method {settings.Method}; it goes with {string.Join(", ", MethodCatalog.NamesOf(applies))}.");
            }
        }
    }

    private static bool Positive(double value) => value > 0 && double.IsFinite(value);

    private static bool NotNegative(double value) => value >= 0 && double.IsFinite(value);
}
