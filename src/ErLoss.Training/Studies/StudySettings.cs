namespace ErLoss.Training.Studies;

/// <summary>What was asked of a study; study.json holds it.</summary>
internal sealed record StudySettings
{
    /// <summary>Version of the program that ran.</summary>
    public string Version { get; init; } = "";

    /// <summary>What is varied. Names of folders have the values in this order.</summary>
    public IReadOnlyList<StudyAxis> Axes { get; init; } = [];

    /// <summary>Forms of the methods beside those of the axis of objectives.</summary>
    public IReadOnlyList<StudyArm> Arms { get; init; } = [];

    /// <summary>What cells of different batch sizes have in common.</summary>
    public StudyBudget Budget { get; init; }

    /// <summary>What becomes of the learning rate at a smaller batch.</summary>
    public LearningRateRule LearningRateRule { get; init; }

    /// <summary>Whether all combinations are trained, not those alone that differ from the reference in one thing.</summary>
    public bool FullGrid { get; init; }

    /// <summary>Settings that are the same for every cell that they mean something for, as "word=value"; those that decide nothing are left out.</summary>
    public IReadOnlyList<string> Training { get; init; } = [];

    /// <summary>The values of an axis; none if that is not varied.</summary>
    public IReadOnlyList<string> ValuesOf(string word) => Axes.FirstOrDefault(axis => axis.Word == word)?.Values ?? [];
}
