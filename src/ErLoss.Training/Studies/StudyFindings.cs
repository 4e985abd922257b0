using ErLoss.Training.Methods;

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
    public static IEnumerable<string> Sentences(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes)
    {
        var seeds = new PairedSeeds(outcomes, StudyAccuracy.Knn);
        foreach (IGrouping<string, StudyTableRow> method in StudyTable.Create(plan, outcomes).Rows.GroupBy(row => row.Method))
        {
            StudyTableRow[] rows = [.. method.OrderByDescending(row => row.Objective)]; // native first
            yield return Sentence(
                $"At {rows.MaxBy(row => row.Reference.Values.Count)!.Reference.Description}",
                Name(rows),
                rows,
                rows.Select(row => Reaches(row.Accuracy) with { Caution = row != rows[0] && seeds.Lead(row.Reference, rows[0].Reference).Interval?.Contains(0) == true ? WithinError : "" }));
            foreach (IGrouping<string, (StudyTableRow Row, StudyDelta Delta)> variation in
                from row in rows from delta in row.Deltas group (row, delta) by delta.Variation)
            {
                StudyTableRow[] varied = [.. variation.Select(each => each.Row)]; // one of the losses need not have the setting
                IReadOnlyList<AxisValue> differences = variation.First().Delta.Variant.DifferencesFrom(varied[0].Reference);
                yield return Sentence(Circumstance(differences), Name(varied), varied, variation.Select(each => Loses(each.Delta.Lost)));
                if (differences.Any(IsCentering))
                {
                    yield return Sentence(
                        "There, at the end of training,", $"the entropy of {Name(varied)}", varied, variation.Select(each => Is(Entropy(each.Delta.Variant, outcomes))));
                }
            }
        }

        string Name(StudyTableRow[] rows) => rows[0].Reference.Title(plan.Registry.Methods);
    }

    /// <summary>"At batch 64 BYOL loses 3.1 points, with ER 0.4."</summary>
    private static string Sentence(string opening, string subject, IReadOnlyList<StudyTableRow> rows, IEnumerable<Claim> claims)
    {
        Claim[] all = [.. claims];
        // A verb is left out only where the one before it means it, or a gain after a loss would read as a loss.
        IEnumerable<string> contrasts = all.Zip(all.Skip(1), rows.Skip(1)).Select(other =>
            other.First.Verb == other.Second.Verb
                ? $", {Form(other.Third)} {(other.Second.Amount.Length > 0 ? other.Second.Amount + other.Second.Caution : "too")}"
                : $", {Form(other.Third)} it {other.Second}");
        return $"{opening} {subject} {all[0]}{string.Concat(contrasts)}.";
    }

    /// <summary>"with ER", "with ER (keep-own)".</summary>
    private static string Form(StudyTableRow row) => (row.Objective == Objective.Er ? "with ER" : "natively") + (row.Arm is { } arm ? $" ({arm})" : "");

    /// <summary>"At batch 64 and EMA 0.8 without centring".</summary>
    private static string Circumstance(IReadOnlyList<AxisValue> differences)
    {
        string[] at = [.. differences.Where(difference => !IsCentering(difference)).Select(difference => difference.Label)];
        string centring = differences.FirstOrDefault(IsCentering) is not { Value: var isCentred } ? "" : isCentred == "true" ? "with centring" : "without centring";
        string phrase = $"{(at.Length > 0 ? $"at {string.Join(" and ", at)} " : "")}{centring}".TrimEnd();
        return char.ToUpperInvariant(phrase[0]) + phrase[1..];
    }

    private static bool IsCentering(AxisValue value) => value.Word == StudyAxis.Centering;

    private static Measure Entropy(StudyVariant variant, IEnumerable<CellOutcome> outcomes)
    {
        CellOutcome[] cells = [.. outcomes.Where(outcome => outcome.Cell.Variant.Equals(variant))];
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

    private static Claim Is(Measure entropy) =>
        entropy.Mean is { } mean ? new Claim("is", $"{mean:f2}{Spread(entropy, "f2")}", "nats") : Claim.Failed;

    private static string Spread(Measure measure, string format = "f1") =>
        measure.Deviation is { } deviation ? $" ± {deviation.ToString(format)}" : "";
}
