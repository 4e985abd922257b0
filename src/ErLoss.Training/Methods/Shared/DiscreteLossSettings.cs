using ErLoss.Modules;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Methods;

/// <summary>The entropy–reconstruction loss of distributions over classes.</summary>
internal sealed record DiscreteLossSettings : Section
{
    /// <summary>How the entropy is estimated.</summary>
    [Setting("Estimator of the entropy.")]
    public EntropyEstimator Estimator { get; init; } = EntropyEstimator.PlugIn;

    /// <summary>Weight of the entropy in the ER loss.</summary>
    [Setting("Weight of the entropy in the ER loss.", Least = 0, GoesWith = "objective er")]
    public double EntropyWeight { get; init; } = EntropyReconstructionOptions.DefaultEntropyWeight;

    /// <summary>As the loss wants them.</summary>
    public EntropyReconstructionOptions Options() => new() { Support = Support.Discrete, Estimator = Estimator, EntropyWeight = EntropyWeight };

    /// <summary>The same of a method whose native loss is the cross-entropy to given targets: the reconstruction, with an entropy of weight zero.</summary>
    /// <param name="objective">Which of the two it trains with.</param>
    public EntropyReconstructionOptions Options(Objective objective) => objective == Objective.Native ? Options() with { EntropyWeight = 0 } : Options();
}
