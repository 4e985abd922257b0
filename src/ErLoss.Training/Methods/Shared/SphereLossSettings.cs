using ErLoss.Modules;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Methods;

/// <summary>
/// The entropy–reconstruction loss of projections on the sphere. In a method's native form it is not trained with, but its entropy and reconstruction are reported.
/// </summary>
internal sealed record SphereLossSettings : Section
{
    /// <summary>Concentration κ; 1/κ is NT-Xent's temperature.</summary>
    [Setting("Concentration of the kernel in the ER loss. Its inverse is the temperature of NT-Xent.", Least = 1e-6, Most = 1e6)]
    public double Kappa { get; init; } = EntropyReconstructionOptions.DefaultKappa;

    /// <summary>How the entropy is estimated.</summary>
    [Setting("Estimator of the entropy.")]
    public EntropyEstimator Estimator { get; init; } = EntropyEstimator.Joe;

    /// <summary>Whether a row is left out of its own density estimate.</summary>
    [Setting("Leave each projection out of the density estimate at its own place.")]
    public bool LeaveOneOut { get; init; } = EntropyReconstructionOptions.DefaultLeaveOneOut;

    /// <summary>Weight of the entropy in the ER loss.</summary>
    [Setting("Weight of the entropy in the ER loss.", Least = 0, GoesWith = "objective er")]
    public double EntropyWeight { get; init; } = EntropyReconstructionOptions.DefaultEntropyWeight;

    /// <summary>As the loss wants them.</summary>
    public EntropyReconstructionOptions Options() => new() { Kappa = Kappa, Estimator = Estimator, LeaveOneOut = LeaveOneOut, EntropyWeight = EntropyWeight };
}
