using System.CommandLine;
using ErLoss.Modules;
using ErTraining.Methods;
using ErTraining.Training;

namespace ErTraining.Commands;

/// <summary>The options that decide how a run trains.</summary>
internal static class TrainingOptions
{
    private static readonly TrainingSettings s_defaults = new();

    private static readonly Option<string> s_method = Options.Choice(
        "--method", "The self-supervised method.", s_defaults.Method, MethodCatalog.Names);

    private static readonly Option<string?> s_preset = Options.Text(
        "--preset",
        $"Settings published for the method on CIFAR-10; other options change them. {string.Join("; ", MethodCatalog.Names.Select(name => $"{name}: {string.Join(", ", MethodCatalog.Describe(name).Recipes.Keys)}"))}.",
        "NAME");

    private static readonly Option<string> s_objective = Options.Choice(
        "--objective", "The entropy-reconstruction loss, or the method's own.", "er", "er", "native");

    private static readonly Option<string?> s_data = SharedOptions.Data("", s_defaults.Data);

    private static readonly Option<int?> s_trainImages = SharedOptions.TrainImages();

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
        "--ema-schedule", "How the coefficient goes on: to one along a cosine, or fixed. A study holds it fixed unless this is given.", "cosine", "cosine", "fixed");

    private static readonly Option<bool> s_noCentering = Options.Flag("--no-centering", "Do not centre the teacher's outputs.");

    private static readonly Option<int?> s_prototypes = Options.Number<int?>(
        "--prototypes", "Prototypes or clusters of a discrete head [default: the method's].", "N", n => n >= 2, "a whole number from 2 up", null);

    private static readonly Option<int?> s_hiddenDimension = Options.Number<int?>(
        "--hidden-dimension", "Width of the heads' hidden layers [default: the method's].", "N", n => n >= 1, "a whole number from 1 up", null);

    private static readonly Option<int?> s_projectionDimension = Options.Number<int?>(
        "--projection-dimension", "Length of a projection [default: the method's].", "N", n => n >= 2, "a whole number from 2 up", null);

    private static readonly Option<string> s_encoder = SharedOptions.Encoder("What turns images into features.");

    private static readonly Option<string?> s_weights = SharedOptions.Weights("The encoder's initial weights, in place of random ones");

    private static readonly Option<string> s_optimizer = Options.Choice("--optimizer", "The rule the weights are moved by.", "adamw", "adamw", "sgd", "lars");

    private static readonly Option<double?> s_learningRate = Options.Number<double?>(
        "--learning-rate", "Learning rate at its peak [default: 0.003 for adamw, 0.3 for sgd, 1 for lars].", "X", Positive, "a positive number", null);

    private static readonly Option<double> s_trustCoefficient = Options.Number(
        "--trust-coefficient", "LARS's: the length of a layer's step in units of its norm.", "X", Positive, "a positive number", s_defaults.TrustCoefficient);

    private static readonly Option<bool> s_clipTrust = Options.Flag("--clip-trust", "Let LARS only lower a layer's rate, as LARC does.");

    private static readonly Option<double?> s_warmupEpochs = Options.Number<double?>(
        "--warmup-epochs", "Epochs in which the learning rate rises to its peak [default: a tenth of all].", "X", NotNegative, "a number from 0 up", null);

    private static readonly Option<double> s_weightDecay = Options.Number(
        "--weight-decay", "Weight decay; biases and norms are spared.", "X", NotNegative, "a number from 0 up", s_defaults.WeightDecay);

    private static readonly Option<int> s_evaluations = Options.Number(
        "--evaluations", "Evaluations in the course of training.", "N", n => n >= 1, "a whole number from 1 up", s_defaults.Evaluations);

    private static readonly Option<string> s_precision = Options.Choice(
        "--precision", "What the encoder's convolutions compute in; weights and losses are float32 always.", "float32", "float32", "bfloat16");

    private static readonly Option<bool> s_tf32 = Options.Flag(
        "--tf32", "Let a GPU use TF32 in matrix products too, the losses' included [default: in convolutions only].");

    private static readonly Option<bool> s_noTf32 = Options.Flag("--no-tf32", "Do not let a GPU use TF32 anywhere, not even in convolutions.");

    private static readonly Option<string?> s_device = SharedOptions.Device();

    private static readonly Option<int?> s_threads = SharedOptions.Threads();

    private static readonly Option<int> s_seed = Options.Number(
        "--seed", "Seed of all random numbers.", "N", n => n >= 0, "a whole number from 0 up", s_defaults.Seed);

    /// <summary>All of them, in the order that help lists them.</summary>
    public static IEnumerable<Option> All =>
    [
        s_method, s_preset, s_objective, s_data, s_trainImages, s_epochs, s_batchSize, s_kappa, s_learnKappa, s_estimator, s_leaveOneOut, s_entropyWeight, s_ema, s_emaSchedule, s_noCentering, s_prototypes, s_hiddenDimension, s_projectionDimension, s_encoder, s_weights, s_optimizer, s_learningRate, s_trustCoefficient, s_clipTrust, s_warmupEpochs, s_weightDecay, s_evaluations, s_precision, s_tf32, s_noTf32, s_device, s_threads, s_seed
    ];

    /// <summary>The settings asked for: an option that was given, else what the preset says, else the default.</summary>
    /// <exception cref="UsageException">There is no such preset, or an option has no meaning for the method.</exception>
    public static TrainingSettings Read(ParseResult parsed)
    {
        TrainingSettings settings = Gather(parsed);
        return Misfit(settings) is { } misfit ? throw new UsageException(misfit) : settings;
    }

    /// <summary>As <see cref="Read"/>, also where an option has no meaning for the method.</summary>
    /// <exception cref="UsageException">There is no such preset.</exception>
    public static TrainingSettings Gather(ParseResult parsed)
    {
        string method = parsed.GetRequiredValue(s_method);
        MethodDescription description = MethodCatalog.Describe(method);
        string? preset = parsed.GetValue(s_preset);
        Recipe? recipe = null;
        if (preset is not null && !description.Recipes.TryGetValue(preset, out recipe))
        {
            throw new UsageException($"--preset is '{preset}'; {method} has {string.Join(", ", description.Recipes.Keys)}.");
        }
        T Pick<T>(Option<T> option, Func<Recipe, T> published) =>
            recipe is not null && parsed.GetResult(option) is null or { Implicit: true } ? published(recipe!) : parsed.GetValue(option)!;

        return new TrainingSettings
        {
            Method = method,
            Preset = preset,
            Objective = parsed.GetValue(s_objective) == "native" ? Objective.Native : Objective.Er,
            Data = parsed.GetValue(s_data)!,
            TrainImages = parsed.GetValue(s_trainImages),
            Epochs = Pick(s_epochs, r => r.Epochs),
            BatchSize = Pick(s_batchSize, r => r.BatchSize),
            Kappa = Pick(s_kappa, r => r.Kappa ?? s_defaults.Kappa),
            LearnKappa = parsed.GetValue(s_learnKappa),
            Estimator = parsed.GetValue(s_estimator) switch { "plugin" => EntropyEstimator.PlugIn, "joe" => EntropyEstimator.Joe, _ => null },
            LeaveOneOut = parsed.GetValue(s_leaveOneOut),
            EntropyWeight = parsed.GetValue(s_entropyWeight),
            Ema = Pick(s_ema, r => r.Ema),
            EmaSchedule = Pick(s_emaSchedule, r => r.EmaIsFixed ? "fixed" : "cosine") == "fixed" ? EmaSchedule.Fixed : EmaSchedule.Cosine,
            Centering = !parsed.GetValue(s_noCentering),
            Prototypes = Pick(s_prototypes, r => r.Prototypes),
            HiddenDimension = Pick(s_hiddenDimension, r => r.HiddenDimension),
            ProjectionDimension = Pick(s_projectionDimension, r => r.ProjectionDimension),
            Encoder = Pick(s_encoder, r => r.Encoder),
            Weights = parsed.GetValue(s_weights),
            Optimizer = Pick(s_optimizer, r => r.Optimizer) switch { "sgd" => OptimizerKind.Sgd, "lars" => OptimizerKind.Lars, _ => OptimizerKind.AdamW },
            TrustCoefficient = Pick(s_trustCoefficient, r => r.TrustCoefficient ?? s_defaults.TrustCoefficient),
            ClipTrust = Pick(s_clipTrust, r => r.ClipTrust),
            LearningRate = Pick(s_learningRate, r => r.LearningRate),
            WarmupEpochs = Pick(s_warmupEpochs, r => r.WarmupEpochs),
            WeightDecay = Pick(s_weightDecay, r => r.WeightDecay),
            Evaluations = parsed.GetValue(s_evaluations),
            Precision = parsed.GetValue(s_precision) == "bfloat16" ? Precision.BFloat16 : Precision.Float32,
            Tf32 = (parsed.GetValue(s_tf32), parsed.GetValue(s_noTf32)) switch
            {
                (true, true) => throw new UsageException("--tf32 and --no-tf32 do not go together; leave one of them out."),
                (true, false) => Tf32.Products,
                (false, true) => Tf32.None,
                _ => Tf32.Convolutions,
            },
            Device = parsed.GetValue(s_device)!,
            Threads = parsed.GetValue(s_threads),
            Seed = parsed.GetValue(s_seed),
        };
    }

    /// <summary>The option about TF32 that the command line has; null if it has none.</summary>
    public static string? GivenTf32(ParseResult parsed) => parsed.GetValue(s_tf32) ? s_tf32.Name : parsed.GetValue(s_noTf32) ? s_noTf32.Name : null;

    /// <summary>The settings with the values that are used where nothing was asked for, so far as they do not depend on the machine.</summary>
    public static TrainingSettings WithDefaults(TrainingSettings settings)
    {
        MethodDescription method = MethodCatalog.Describe(settings.Method);
        return settings with
        {
            Estimator = settings.Estimator ?? method.UsualEstimator,
            Ema = settings.Ema ?? method.UsualMomentum,
            LearningRate = settings.LearningRate ?? Optimizers.DefaultLearningRate(settings.Optimizer),
        };
    }

    /// <summary>Why an option has no meaning for the method or the objective; null if all have one.</summary>
    public static string? Misfit(TrainingSettings settings)
    {
        if (settings.LearnKappa && settings.Objective == Objective.Native)
        {
            return "--learn-kappa goes with --objective er; the native loss does not learn it.";
        }
        return Of(!settings.LearnKappa, method => method.LearnsKappa, "--learn-kappa")
            ?? Of(settings.Ema is null, method => method.HasTeacher, "--ema")
            ?? Of(settings.Centering, method => method.HasCentering, "--no-centering")
            ?? Of(settings.Prototypes is null, method => method.IsDiscrete, "--prototypes")
            ?? Of(settings.Estimator != EntropyEstimator.Joe || settings.Objective == Objective.Native, method => !method.IsDiscrete, "--estimator joe");

        string? Of(bool unused, Func<MethodDescription, bool> applies, string option) => unused || applies(MethodCatalog.Describe(settings.Method))
            ? null
            : $"{option} has no meaning for --method {settings.Method}; it goes with {string.Join(", ", MethodCatalog.NamesOf(applies))}.";
    }

    private static bool Positive(double value) => value > 0 && double.IsFinite(value);

    private static bool NotNegative(double value) => value >= 0 && double.IsFinite(value);
}
