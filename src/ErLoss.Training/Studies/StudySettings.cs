namespace ErLoss.Training.Studies;

/// <summary>What was asked of a study; study.json holds it.</summary>
internal sealed record StudySettings
{
    /// <summary>Version of the program that ran.</summary>
    public string Version { get; init; } = "";

    /// <summary>What is varied. Names of folders have the values in this order.</summary>
    public IReadOnlyList<StudyAxis> Axes { get; init; } = [];

    /// <summary>Whether all combinations are trained, not those alone that differ from the reference in one thing.</summary>
    public bool FullGrid { get; init; }

    /// <summary>Settings that are the same for every cell that they mean something for, as "word=value"; those that decide nothing are left out.</summary>
    public IReadOnlyList<string> Training { get; init; } = [];

    /// <summary>The values of an axis; none if that is not varied.</summary>
    public IReadOnlyList<string> ValuesOf(string word) => Axes.FirstOrDefault(axis => axis.Word == word)?.Values ?? [];
}
