using ErLoss.Training.Methods;

namespace ErLoss.Training.Studies;

/// <summary>What study.json holds.</summary>
/// <param name="Settings">What was asked for.</param>
/// <param name="Cells">One a cell, in the order they are trained.</param>
/// <param name="Table">The paper's Table 2, as far as there are results.</param>
internal sealed record StudyDocument(StudySettings Settings, IReadOnlyList<StudyDocument.CellEntry> Cells, StudyTable Table)
{
    /// <summary>A cell: where it stands in the plan, what became of it, its result.json and metrics.jsonl.</summary>
    internal sealed record CellEntry(
        string Name,
        string Method,
        Objective Objective,
        int BatchSize,
        double? Ema,
        bool? Centering,
        int Seed,
        double LearningRate,
        CellStatus Status,
        string? Message,
        RunResult? Result,
        IReadOnlyList<EpochMetrics> Epochs);

    /// <summary>Gathers it.</summary>
    public static StudyDocument Of(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes) => new(
        plan.Settings,
        [
            .. from outcome in outcomes
               let variant = outcome.Cell.Variant
               select new CellEntry(
                   outcome.Cell.Name,
                   variant.Method,
                   variant.Objective,
                   variant.BatchSize,
                   variant.Ema,
                   variant.Centering,
                   outcome.Cell.Seed,
                   outcome.Cell.LearningRate,
                   outcome.Status,
                   outcome.Message,
                   outcome.Result,
                   outcome.Epochs),
        ],
        StudyTable.Of(plan, outcomes));
}
