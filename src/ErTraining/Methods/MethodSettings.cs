using ErLoss.Modules;

namespace ErTraining.Methods;

/// <summary>What a method is made from. What is null is the method's to choose.</summary>
/// <param name="Objective">Which loss it trains with.</param>
/// <param name="EntropyReconstruction">
/// The entropy–reconstruction loss of its ER form, and how entropy and reconstruction are reported in its native form. A method whose
/// projections live on another support sets that itself.
/// </param>
internal sealed record MethodSettings(Objective Objective, EntropyReconstructionOptions EntropyReconstruction)
{
    /// <summary>Number of training images.</summary>
    public int Images { get; init; }

    /// <summary>How slowly a teacher follows, in a method that has one.</summary>
    public TeacherMomentum TeacherMomentum { get; init; }

    /// <summary>Whether a teacher's outputs are centred, in a method that does so.</summary>
    public bool Centering { get; init; } = true;

    /// <summary>Width of the hidden layers of the heads.</summary>
    public int? HiddenDimension { get; init; }

    /// <summary>Length of a projection.</summary>
    public int? ProjectionDimension { get; init; }

    /// <summary>Number of prototypes or clusters, in a method with a discrete head.</summary>
    public int? Prototypes { get; init; }
}
