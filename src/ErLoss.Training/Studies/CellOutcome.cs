namespace ErLoss.Training.Studies;

/// <summary>What has become of a cell.</summary>
internal enum CellStatus
{
    /// <summary>It has not been trained yet.</summary>
    Pending,

    /// <summary>It was trained to its end.</summary>
    Finished,

    /// <summary>It could not be trained to its end.</summary>
    Failed,
}

/// <summary>What a cell came to.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Status">What has become of it.</param>
/// <param name="Message">Why it failed.</param>
/// <param name="Result">Its result.json, if it is finished.</param>
/// <param name="Epochs">Its metrics.jsonl, as far as it came.</param>
internal sealed record CellOutcome(
    StudyCell Cell, CellStatus Status, string? Message, RunResult? Result, IReadOnlyList<EpochMetrics> Epochs)
{
    /// <summary>Of a cell that was trained to its end.</summary>
    public static CellOutcome Finished(StudyCell cell, RunResult result, IReadOnlyList<EpochMetrics> epochs) =>
        new(cell, CellStatus.Finished, null, result, epochs);

    /// <summary>Of a cell that could not be trained to its end.</summary>
    public static CellOutcome Failed(StudyCell cell, string message, IReadOnlyList<EpochMetrics> epochs) =>
        new(cell, CellStatus.Failed, message, null, epochs);

    /// <summary>Of a cell that has not been trained yet.</summary>
    public static CellOutcome Pending(StudyCell cell) => new(cell, CellStatus.Pending, null, null, []);
}
