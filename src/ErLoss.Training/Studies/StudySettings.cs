using ErLoss.Training.Methods;

namespace ErLoss.Training.Studies;

/// <summary>Everything that decides a study; what study.json holds of it, and what must be equal for a study to be gone on with.</summary>
internal sealed record StudySettings
{
    /// <summary>Version of the program that ran.</summary>
    public string Version { get; init; } = "";

    /// <summary>Names of the methods.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>Which losses each method trains with.</summary>
    public IReadOnlyList<Objective> Objectives { get; init; } = [Objective.Native, Objective.Er];

    /// <summary>Images a step; the largest is the reference.</summary>
    public IReadOnlyList<int> BatchSizes { get; init; } = [512, 64];

    /// <summary>Coefficients of the teacher's moving average, for methods that have a teacher; the first is the reference.</summary>
    public IReadOnlyList<double> Emas { get; init; } = [0.99, 0.8];

    /// <summary>Whether the teacher's outputs are centred, for methods that do so; the first is the reference.</summary>
    public IReadOnlyList<bool> Centerings { get; init; } = [true];

    /// <summary>Every variant is trained once with each.</summary>
    public IReadOnlyList<int> Seeds { get; init; } = [0];

    /// <summary>Passes over the training images.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Whether all combinations are trained, not those alone that differ from the reference in one thing.</summary>
    public bool FullGrid { get; init; }

    /// <summary>Learning rate at the largest batch size.</summary>
    public double LearningRate { get; init; }

    /// <summary>Settings that are the same for every cell that they mean something for, as "word=value"; those that decide nothing are left out.</summary>
    public IReadOnlyList<string> Training { get; init; } = [];
}
