using System.Text.Json.Serialization;
using ErLoss.Training.Methods;
using ErLoss.Training.Statistics;

namespace ErLoss.Training.Studies;

/// <summary>Accuracy lost against the reference.</summary>
/// <param name="Variation">What is different: <c>batch 64</c>, <c>EMA 0.8</c>.</param>
/// <param name="Lost">kNN accuracy of the reference less the variant's, in points, each seed with itself.</param>
/// <param name="Variant">What lost it.</param>
internal sealed record StudyDelta(string Variation, Measure Lost, [property: JsonIgnore] StudyVariant Variant);

/// <summary>A method with an objective.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Objective">Which loss it trained with.</param>
/// <param name="Arm">Name of the arm; null if it is the method natively or with ER and nothing else.</param>
/// <param name="Accuracy">kNN accuracy of the reference, in percent.</param>
/// <param name="Deltas">One a variant but the reference.</param>
/// <param name="Reference">What the others are compared with.</param>
internal sealed record StudyTableRow(
    string Method, Objective Objective, string? Arm, Measure Accuracy, IReadOnlyList<StudyDelta> Deltas, [property: JsonIgnore] StudyVariant Reference)
{
    /// <summary>What is lost by a variation; null if the method has no such variant.</summary>
    public Measure? Lost(string variation) => Deltas.FirstOrDefault(delta => delta.Variation == variation)?.Lost;
}

/// <summary>The paper's Table 2: what each method reaches, and what it loses at a small batch or a fast teacher.</summary>
/// <param name="Variations">The columns: all that differs from a reference somewhere.</param>
/// <param name="Rows">The rows: for each method one an objective or an arm.</param>
internal sealed record StudyTable(IReadOnlyList<string> Variations, IReadOnlyList<StudyTableRow> Rows)
{
    /// <summary>Whether a confidence interval stands in it anywhere.</summary>
    [JsonIgnore]
    public bool HasIntervals => Rows.Any(row => row.Deltas.Select(delta => delta.Lost).Prepend(row.Accuracy).Any(measure => measure.Interval is not null));

    /// <summary>What the intervals in a table of so many seeds are, for a reader of the table.</summary>
    public static string IntervalNote(int seeds) => (seeds > 1
        ? "Under a mean stands its 95% confidence interval by the spread of the seeds (Student's t)."
        : "Under a figure stands its 95% confidence interval by the number of test images (of an accuracy Clopper and Pearson's, of a difference Newcombe's); another seed may come out beyond it.")
        + " A difference is within the error if zero is in its interval.";

    /// <summary>Makes it from what has become of the cells.</summary>
    /// <param name="plan">What was to be trained.</param>
    /// <param name="outcomes">One a cell.</param>
    public static StudyTable Create(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes)
    {
        ILookup<StudyVariant, CellOutcome> byVariant = outcomes.ToLookup(outcome => outcome.Cell.Variant);
        StudyTableRow[] rows =
        [
            .. from variants in plan.Rows
               let reference = variants[0]
               let deltas = variants.Skip(1).Select(variant => new StudyDelta(variant.Variation(reference), Lost(byVariant[reference], byVariant[variant]), variant))
               select new StudyTableRow(reference.Method, reference.Objective, reference.Arm, Accuracy(byVariant[reference]), [.. deltas], reference),
        ];
        return new StudyTable([.. rows.SelectMany(row => row.Deltas).Select(delta => delta.Variation).Distinct()], rows);
    }

    private static Measure Accuracy(IEnumerable<CellOutcome> cells)
    {
        CellOutcome[] finished = [.. cells.Where(IsFinished)];
        ConfidenceInterval? ofOne = finished is [var only] ? InPercent(only.Result!.KnnAccuracyInterval) : null;
        return new(
            [.. finished.Select(cell => 100 * cell.Result!.KnnAccuracy!.Value)],
            cells.Count(cell => cell.Status == CellStatus.Failed),
            ofOne);
    }

    private static Measure Lost(IEnumerable<CellOutcome> reference, IEnumerable<CellOutcome> variant)
    {
        (CellOutcome Reference, CellOutcome Variant)[] pairs =
            [.. reference.Join(variant, cell => cell.Cell.Seed, cell => cell.Cell.Seed, (first, second) => (first, second))];
        (RunResult Reference, RunResult Variant)[] finished =
            [.. from pair in pairs where IsFinished(pair.Reference) && IsFinished(pair.Variant) select (pair.Reference.Result!, pair.Variant.Result!)];
        return new Measure(
            [.. finished.Select(pair => 100 * (pair.Reference.KnnAccuracy!.Value - pair.Variant.KnnAccuracy!.Value))],
            pairs.Count(pair => pair.Reference.Status == CellStatus.Failed || pair.Variant.Status == CellStatus.Failed),
            finished is [var only] ? Difference(only.Reference, only.Variant) : null);
    }

    private static ConfidenceInterval? Difference(RunResult first, RunResult second) =>
        InPercent(first.KnnAccuracyInterval) is { } ofFirst && InPercent(second.KnnAccuracyInterval) is { } ofSecond
            ? ConfidenceInterval.OfDifference(100 * first.KnnAccuracy!.Value, ofFirst, 100 * second.KnnAccuracy!.Value, ofSecond)
            : null;

    private static ConfidenceInterval? InPercent(ConfidenceInterval? interval) => interval is null ? null : new(100 * interval.Low, 100 * interval.High);

    private static bool IsFinished(CellOutcome cell) => cell.Status == CellStatus.Finished;
}
