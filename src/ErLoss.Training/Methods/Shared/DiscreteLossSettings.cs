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
}
