using ErLoss.Modules;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Methods;

/// <summary>
/// The entropy–reconstruction loss of projections on the sphere. In a method's native form it is not trained with, but its entropy and reconstruction are reported.
/// </summary>
internal sealed record SphereLossSettings : Section
{
    /// <summary>The least κ that the loss is accurate for.</summary>
    public const double LeastKappa = 1e-6;

    /// <summary>The greatest.</summary>
    public const double MostKappa = 1e6;

    /// <summary>Concentration κ; 1/κ is NT-Xent's temperature.</summary>
    [Setting("Concentration of the kernel in the ER loss. Its inverse is the temperature of NT-Xent.", Least = LeastKappa, Most = MostKappa)]
    public double Kappa { get; init; } = EntropyReconstructionOptions.DefaultKappa;

    /// <summary>How the entropy is estimated.</summary>
    [Setting("Estimator of the entropy.")]
    public EntropyEstimator Estimator { get; init; } = EntropyEstimator.Joe;

    /// <summary>Whether a row's own kernel counts in the density estimate at the row; null if only where κ is learnt.</summary>
    /// <remarks>
    /// At the batch sizes usual here the own kernel is nearly all of the sum, and it gives no gradient: with it the entropy hardly pushes, and the features are worth less.
    /// </remarks>
    [Setting("Keep the own kernel of a projection in the density that is estimated at that projection, as the paper does. If kappa is learnt, it is always kept.")]
    public bool? KeepOwn { get; init; }

    /// <summary>Weight of the entropy in the ER loss.</summary>
    [Setting("Weight of the entropy in the ER loss.", Least = 0, GoesWith = "objective er")]
    public double EntropyWeight { get; init; } = EntropyReconstructionOptions.DefaultEntropyWeight;

    /// <summary>Number of past projections that are further centres of the density estimate; 0 for none.</summary>
    [Setting("Number of past projections from which the ER loss estimates the density, besides those of the batch; 0 for none. Without a teacher (simclr), the features become worse.", Least = 0, GoesWith = "objective er")]
    public int Queue { get; init; }

    /// <summary>As the loss wants them.</summary>
    /// <param name="learnKappa">Whether κ is learnt. The own kernel is kept then: without it the loss has no minimum in κ.</param>
    public EntropyReconstructionOptions Options(bool learnKappa = false) => new()
    {
        Kappa = Kappa,
        LearnKappa = learnKappa,
        Estimator = Estimator,
        LeaveOneOut = KeepOwn is not true && !learnKappa,
        EntropyWeight = EntropyWeight,
    };

    /// <summary>The queue of past projections, if there is to be one. In a native loss it would have no part.</summary>
    /// <param name="objective">Which loss is trained with.</param>
    /// <param name="dimension">Of the projections.</param>
    public ProjectionQueue? CreateQueue(Objective objective, int dimension) => objective == Objective.Er && Queue > 0 ? new ProjectionQueue(Queue, dimension) : null;
}
