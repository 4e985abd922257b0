using ErLoss.Modules;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Methods;

/// <summary>What methods have in common whose projections are distributions over prototypes or clusters.</summary>
internal abstract record DiscreteMethodSettings : MethodSettings
{
    /// <summary>The entropy–reconstruction loss.</summary>
    public DiscreteLossSettings Loss { get; init; } = new();

    /// <inheritdoc/>
    /// <remarks>Joe's estimate of a discrete entropy is least where the entropy is largest, so that nothing can be trained with it.</remarks>
    public override IEnumerable<Conflict> Conflicts() => Objective == Objective.Er && Loss.Estimator == EntropyEstimator.Joe
        ? [new($"{nameof(Loss)}.{nameof(Loss.Estimator)}", "is joe, which a discrete head cannot be trained with; plugin is wanted, or a method on the sphere")]
        : [];
}
