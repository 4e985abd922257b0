using ErLoss.Training.Statistics;

namespace ErLoss.Training.Studies;

/// <summary>What a study found, in sentences that its numbers make.</summary>
internal static class StudyFindings
{
    private const string WithinError = " (within the error)";

    /// <summary>What can be said of a quantity: "loses", "3.1", "points", and what is to be kept in mind of it.</summary>
    private sealed record Claim(string Verb, string Amount, string Unit, string Caution = "")
    {
        public static readonly Claim Failed = new("fails to train", "", "");

        public override string ToString() => string.Join(' ', new[] { Verb, Amount, Unit }.Where(word => word.Length > 0)) + Caution;
    }

    /// <summary>For each method a sentence on its reference, and one on each comparison with it.</summary>
    /// <param name="plan">What was trained.</param>
    /// <param name="outcomes">One a cell, none pending.</param>
    public static IEnumerable<string> Of(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes)
    {
        foreach (IGrouping<string, StudyTableRow> method in StudyTable.Of(plan, outcomes).Rows.GroupBy(row => row.Method))
        {
            StudyTableRow[] rows = [.. method.OrderByDescending(row => row.Objective)]; // native first
            string name = plan.Registry.Methods[method.Key].TitleWith(rows[0].Objective);
            IReadOnlyList<StudyVariant> variants = plan.Variants(method.Key, rows[0].Objective);
            string caution = rows is [var first, var second] && IsWithinError(first.Accuracy, second.Accuracy) ? WithinError : "";
            yield return Sentence($"At {Describe(variants[0])}", name, rows.Select((row, index) => Reaches(row.Accuracy) with { Caution = index == 0 ? "" : caution }));
            for (int index = 1; index < variants.Count; index++)
            {
                StudyVariant variant = variants[index];
                yield return Sentence(Circumstance(variant, variants[0]), name, rows.Select(row => Loses(row.Deltas[index - 1].Lost)));
                if (variant.Centering != variants[0].Centering)
                {
                    yield return Sentence(
                        "There, at the end of training,",
                        $"the entropy of {name}",
                        rows.Select(row => Is(Entropy(variant with { Objective = row.Objective }, outcomes))));
                }
            }
        }
    }

    /// <summary>A variant without its method: "batch 512, EMA 0.99".</summary>
    public static string Describe(StudyVariant variant) =>
        $"batch {variant.BatchSize}{(variant.Ema is { } ema ? $", EMA {ema}" : "")}{(variant.Centering == false ? ", no centring" : "")}";

    /// <summary>"At batch 64 BYOL loses 3.1 points, with ER 0.4."</summary>
    private static string Sentence(string opening, string subject, IEnumerable<Claim> claims)
    {
        Claim[] all = [.. claims];
        string contrast = all switch
        {
            [_] => "",
            [var native, var er] when native.Verb == er.Verb => $", with ER {(er.Amount.Length > 0 ? er.Amount + er.Caution : "too")}",
            _ => $", with ER it {all[1]}",
        };
        return $"{opening} {subject} {all[0]}{contrast}.";
    }

    private static string Circumstance(StudyVariant variant, StudyVariant reference)
    {
        string[] at = [.. variant.DifferencesFrom(reference with { Centering = variant.Centering })];
        string centring = variant.Centering == reference.Centering ? "" : variant.Centering == true ? "with centring" : "without centring";
        string phrase = $"{(at.Length > 0 ? $"at {string.Join(" and ", at)} " : "")}{centring}".TrimEnd();
        return char.ToUpperInvariant(phrase[0]) + phrase[1..];
    }

    private static Measure Entropy(StudyVariant variant, IEnumerable<CellOutcome> outcomes)
    {
        CellOutcome[] cells = [.. outcomes.Where(outcome => outcome.Cell.Variant == variant)];
        return new Measure([.. cells.Select(cell => cell.Result?.Entropy).OfType<double>()], cells.Count(cell => cell.Status == CellStatus.Failed));
    }

    private static Claim Reaches(Measure accuracy) =>
        accuracy.Mean is { } mean ? new Claim("reaches", $"{mean:f1}{Spread(accuracy)}", "%") : Claim.Failed;

    private static Claim Loses(Measure lost) =>
        lost.Mean is { } mean
            ? new Claim(
                Math.Round(mean, 1) < 0 ? "gains" : "loses",
                $"{Math.Abs(mean):f1}{Spread(lost)}",
                "points",
                lost.Interval?.Contains(0) == true ? WithinError : "")
            : Claim.Failed;

    /// <summary>Whether two accuracies may well be the same; not where their errors are not known.</summary>
    private static bool IsWithinError(Measure first, Measure second) =>
        first is { Mean: { } mean, Interval: { } interval } && second is { Mean: { } other, Interval: { } ofOther }
        && ConfidenceInterval.OfDifference(mean, interval, other, ofOther).Contains(0);

    private static Claim Is(Measure entropy) =>
        entropy.Mean is { } mean ? new Claim("is", $"{mean:f2}{Spread(entropy, "f2")}", "nats") : Claim.Failed;

    private static string Spread(Measure measure, string format = "f1") =>
        measure.Deviation is { } deviation ? $" ± {deviation.ToString(format)}" : "";
}
