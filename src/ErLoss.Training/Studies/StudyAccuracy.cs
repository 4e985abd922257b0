using ErLoss.Training.Statistics;

namespace ErLoss.Training.Studies;

/// <summary>A measure of what features are worth, of which each run has one value before training and one after.</summary>
/// <param name="Name">As tables say it: "kNN".</param>
/// <param name="Word">As study.json says it.</param>
/// <param name="After">The accuracy of the trained encoder with its interval, from 0 to 1.</param>
/// <param name="Before">That of the untrained one.</param>
internal sealed record StudyAccuracy(
    string Name,
    string Word,
    Func<RunResult, (double? Value, ConfidenceInterval? Interval)> After,
    Func<RunResult, (double? Value, ConfidenceInterval? Interval)> Before)
{
    /// <summary>Of nearest neighbours.</summary>
    public static StudyAccuracy Knn { get; } = new(
        "kNN", "knn", result => (result.KnnAccuracy, result.KnnAccuracyInterval), result => (result.KnnAccuracyBefore, result.KnnAccuracyBeforeInterval));

    /// <summary>Of a linear classifier, the paper's own measure.</summary>
    public static StudyAccuracy LinearProbe { get; } = new(
        "linear probe", "linear_probe", result => (result.LinearProbeAccuracy, result.LinearProbeAccuracyInterval), result => (result.LinearProbeAccuracyBefore, result.LinearProbeAccuracyBeforeInterval));

    /// <summary>Those that cells of a study have.</summary>
    public static IEnumerable<StudyAccuracy> Of(IEnumerable<CellOutcome> outcomes) =>
        new[] { Knn, LinearProbe }.Where(accuracy => outcomes.Any(outcome => outcome.Result is { } result && accuracy.After(result).Value is not null));
}
