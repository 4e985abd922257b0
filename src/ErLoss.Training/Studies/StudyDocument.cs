namespace ErLoss.Training.Studies;

/// <summary>What study.json holds.</summary>
/// <param name="Settings">What was asked for.</param>
/// <param name="Cells">One a cell, in the order they are trained.</param>
/// <param name="Table">The paper's Table 2, as far as there are results.</param>
internal sealed record StudyDocument(StudySettings Settings, IReadOnlyList<StudyDocument.CellEntry> Cells, StudyTable Table)
{
    /// <summary>A cell: its folder, its value on each axis, what became of it, its result.json and metrics.jsonl.</summary>
    internal sealed record CellEntry(
        string Name,
        string Folder,
        IReadOnlyDictionary<string, string> Axes,
        double LearningRate,
        CellStatus Status,
        string? Message,
        RunResult? Result,
        IReadOnlyList<EpochMetrics> Epochs);

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
                   cell.Variant.Values.Append(new AxisValue(StudyAxis.Seed, $"{cell.Seed}")).ToDictionary(value => value.Word, value => value.Value),
                   cell.LearningRate,
                   outcome.Status,
                   outcome.Message,
                   outcome.Result,
                   outcome.Epochs),
        ],
        StudyTable.Create(plan, outcomes));
}
