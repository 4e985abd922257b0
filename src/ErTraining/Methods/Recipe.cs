namespace ErTraining.Methods;

/// <summary>
/// Settings published for a method on CIFAR-10, as far as this program has a place for them; what is null was left open. Views are always this program's.
/// </summary>
/// <param name="Source">Where they stand, and what of them has no place here.</param>
internal sealed record Recipe(string Source)
{
    /// <summary>Name of the encoder.</summary>
    public string Encoder { get; init; } = "resnet18";

    /// <summary>Passes over the images.</summary>
    public required int Epochs { get; init; }

    /// <summary>Epochs of the learning rate's rise.</summary>
    public required double WarmupEpochs { get; init; }

    /// <summary>Images a step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Name of the optimizer.</summary>
    public required string Optimizer { get; init; }

    /// <summary>At its peak, for <see cref="BatchSize"/>.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Of matrices and convolutions.</summary>
    public required double WeightDecay { get; init; }

    /// <summary>η of LARS.</summary>
    public double? TrustCoefficient { get; init; }

    /// <summary>Whether LARS only ever lowers a layer's rate.</summary>
    public bool ClipTrust { get; init; }

    /// <summary>Inverse of a contrastive loss's temperature.</summary>
    public double? Kappa { get; init; }

    /// <summary>Of the teacher, at the start.</summary>
    public double? Ema { get; init; }

    /// <summary>Whether it stays there instead of rising to one.</summary>
    public bool EmaIsFixed { get; init; }

    /// <summary>Width of the heads' hidden layers.</summary>
    public required int HiddenDimension { get; init; }

    /// <summary>Length of a projection.</summary>
    public required int ProjectionDimension { get; init; }

    /// <summary>Number of prototypes.</summary>
    public int? Prototypes { get; init; }

    /// <summary>A recipe of solo-learn (da Costa et al., JMLR 2022), with what its recipes for CIFAR have in common.</summary>
    /// <param name="file">In its folder of recipes for CIFAR.</param>
    /// <param name="learningRate">At its peak.</param>
    /// <param name="weightDecay">Of matrices and convolutions.</param>
    /// <param name="hiddenDimension">Of the heads.</param>
    /// <param name="projectionDimension">Of a projection.</param>
    /// <param name="without">What of it has no place here.</param>
    public static Recipe SoloLearn(
        string file, double learningRate, double weightDecay, int hiddenDimension, int projectionDimension, string? without = null) =>
        new($"solo-learn (da Costa et al., JMLR 2022), scripts/pretrain/cifar/{file}{(without is null ? "" : $", without {without}")}")
        {
            Epochs = 1000,
            WarmupEpochs = 10,
            BatchSize = 256,
            Optimizer = "lars",
            LearningRate = learningRate,
            WeightDecay = weightDecay,
            TrustCoefficient = 0.02,
            ClipTrust = true,
            HiddenDimension = hiddenDimension,
            ProjectionDimension = projectionDimension,
        };

    /// <summary>A recipe of lightly's benchmark on CIFAR-10, with what its recipes have in common.</summary>
    /// <param name="hiddenDimension">Of the heads.</param>
    /// <param name="projectionDimension">Of a projection.</param>
    /// <param name="without">What of it has no place here.</param>
    public static Recipe Lightly(int hiddenDimension, int projectionDimension, string without) =>
        new($"lightly, docs/source/getting_started/benchmarks/cifar10_benchmark.py, without {without}")
        {
            Epochs = 200,
            WarmupEpochs = 0,
            BatchSize = 128,
            Optimizer = "sgd",
            LearningRate = 0.06,
            WeightDecay = 5e-4,
            HiddenDimension = hiddenDimension,
            ProjectionDimension = projectionDimension,
        };
}
