using ErLoss.Modules;
using ErTraining.Encoders;

namespace ErTraining.Methods;

/// <summary>A method as the catalogue knows it.</summary>
/// <param name="Title">As papers write it.</param>
/// <param name="Create">Makes it around an encoder, all weights drawn from the global generator; called once a run, the encoder's maker as often as needed.</param>
internal sealed record MethodDescription(string Title, Func<Func<Encoder>, MethodSettings, TwoViewMethod> Create)
{
    /// <summary>Where the coefficient of its teacher's moving average usually starts; null of a method without a teacher.</summary>
    public double? UsualMomentum { get; init; }

    /// <summary>The title with what it trains with: "SimCLR", or "SimCLR+ER".</summary>
    public string TitleWith(Objective objective) => objective == Objective.Er ? $"{Title}+ER" : Title;

    /// <summary>Whether it has a teacher that follows, so that <see cref="MethodSettings.TeacherMomentum"/> matters.</summary>
    public bool HasTeacher => UsualMomentum is not null;

    /// <summary>Whether it can centre its teacher, so that <see cref="MethodSettings.Centering"/> matters.</summary>
    public bool HasCentering { get; init; }

    /// <summary>Whether its projections are distributions over <see cref="MethodSettings.Prototypes"/> classes instead of directions.</summary>
    public bool IsDiscrete { get; init; }

    /// <summary>
    /// How its entropy is estimated where nothing else is asked for. Joe's estimate of a discrete entropy is least where the entropy is largest,
    /// so that nothing can be trained with it.
    /// </summary>
    public EntropyEstimator UsualEstimator => IsDiscrete ? EntropyEstimator.PlugIn : EntropyEstimator.Joe;

    /// <summary>Whether it can learn κ.</summary>
    public bool LearnsKappa { get; init; }

    /// <summary>What the paper found of its stability, by objective; empty of a method that its table leaves out.</summary>
    public IReadOnlyDictionary<Objective, PublishedStability> Stability { get; init; } = new Dictionary<Objective, PublishedStability>();

    /// <summary>Published settings by name.</summary>
    public IReadOnlyDictionary<string, Recipe> Recipes { get; init; } = new Dictionary<string, Recipe>();
}
