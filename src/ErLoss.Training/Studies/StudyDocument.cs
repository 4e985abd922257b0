namespace ErLoss.Training.Studies;

/// <summary>What study.json holds.</summary>
/// <param name="Settings">What was asked for.</param>
/// <param name="Cells">One a cell, in the order they are trained.</param>
/// <param name="Table">The paper's Table 2, as far as there are results.</param>
/// <param name="Comparisons">Forms of the methods compared with each other, with intervals and verdicts.</param>
internal sealed record StudyDocument(StudySettings Settings, IReadOnlyList<StudyDocument.CellEntry> Cells, StudyTable Table, IReadOnlyList<StudyComparison> Comparisons)
{
    /// <summary>A cell: its folder, its value on each axis with the settings of its arm, its learning rate, the steps that it took, what became of it, its result.json and metrics.jsonl.</summary>
    internal sealed record CellEntry(
        string Name,
        string Folder,
        IReadOnlyDictionary<string, string> Axes,
        double LearningRate,
        long? Steps,
        CellStatus Status,
        string? Message,
        RunResult? Result,
        IReadOnlyList<EpochMetrics> Epochs);

    private static Dictionary<string, string> Axes(StudyCell cell) => new(
        [
            .. cell.Variant.Values.SelectMany(value => value.Words).Select(setting => KeyValuePair.Create(setting.Word, setting.Value)),
            .. cell.Variant.Arm is { } arm ? [KeyValuePair.Create("arm", arm)] : (KeyValuePair<string, string>[])[],
            KeyValuePair.Create(StudyAxis.Seed, $"{cell.Seed}"),
        ]);

    /// <summary>The steps that a cell took; null if it has no result.</summary>
    public static long? Steps(RunResult? result, StudyCell cell) => result is null ? null : (long)result.Epochs * (result.Images / cell.Settings.BatchSize);

    /// <summary>Makes it from what has become of the cells.</summary>
    /// <param name="plan">The study.</param>
    /// <param name="outcomes">One a cell.</param>
    /// <param name="nameOfFolder">The name of a cell's folder.</param>
    public static StudyDocument Create(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes, Func<StudyCell, string> nameOfFolder) => new(
        plan.Settings,
        [
            .. from outcome in outcomes
               let cell = outcome.Cell
               select new CellEntry(
                   cell.Name,
                   nameOfFolder(cell),
                   Axes(cell),
                   cell.LearningRate,
                   Steps(outcome.Result, cell),
                   outcome.Status,
                   outcome.Message,
                   outcome.Result,
                   outcome.Epochs),
        ],
        StudyTable.Create(plan, outcomes),
        StudyComparison.All(plan, outcomes));
}
