namespace ErTraining.Methods;

/// <summary>Settings that were published for a method; what is null was left open or has no place here.</summary>
/// <param name="Source">Where they stand.</param>
internal sealed record Recipe(string Source)
{
    /// <summary>Name of the encoder.</summary>
    public string? Encoder { get; init; }

    /// <summary>Passes over the images.</summary>
    public int? Epochs { get; init; }

    /// <summary>Epochs of the learning rate's rise.</summary>
    public int? WarmupEpochs { get; init; }

    /// <summary>Images a step.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Name of the optimizer.</summary>
    public string? Optimizer { get; init; }

    /// <summary>At its peak.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Of matrices and convolutions.</summary>
    public double? WeightDecay { get; init; }

    /// <summary>Inverse of a temperature.</summary>
    public double? Kappa { get; init; }

    /// <summary>Of the teacher, at the start; it rises to one.</summary>
    public double? TeacherMomentum { get; init; }

    /// <summary>Width of the heads' hidden layers.</summary>
    public int? HiddenDimension { get; init; }

    /// <summary>Length of a projection.</summary>
    public int? ProjectionDimension { get; init; }

    /// <summary>Number of prototypes.</summary>
    public int? Prototypes { get; init; }
}
