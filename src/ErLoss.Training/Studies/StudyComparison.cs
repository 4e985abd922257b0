using System.Text.Json.Serialization;
using ErLoss.Training.Statistics;

namespace ErLoss.Training.Studies;

/// <summary>What is asked of two forms of a method.</summary>
internal enum StudyQuestion
{
    /// <summary>Whether one loses less accuracy than the other between the reference and a variation.</summary>
    LosesLess,

    /// <summary>Whether one ends at a higher accuracy than the other.</summary>
    EndsHigher,
}

/// <summary>Two forms of a method compared, such as BYOL+ER with BYOL, seed by seed.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Subject">Title of the form that the question is about.</param>
/// <param name="Other">Title of the form that it is compared with.</param>
/// <param name="At">The variation, such as "batch 64", or what the reference is.</param>
/// <param name="Accuracy">The measure of accuracy.</param>
/// <param name="OfSubject">Points that the subject loses, or its accuracy in percent.</param>
/// <param name="OfOther">Those of the other.</param>
/// <param name="Difference">By how much the subject is ahead: points less lost, or points higher. Its interval is that of paired differences over seeds.</param>
internal sealed record StudyComparison(
    string Method, string Subject, string Other, string At, [property: JsonIgnore] StudyAccuracy Accuracy, Measure OfSubject, Measure OfOther, Measure Difference)
{
    /// <summary>The question.</summary>
    [JsonIgnore]
    public StudyQuestion Question { get; init; }

    /// <summary>Whether the other form is the first of the method: the native one, where there is one.</summary>
    [JsonIgnore]
    public bool IsAgainstFirst { get; init; }

    /// <summary>The measure of accuracy as study.json has it: "knn" or "linear_probe".</summary>
    public string Metric => Accuracy.Word;

    /// <summary>The question as study.json has it.</summary>
    [JsonPropertyName("question")]
    public string Asked => Question == StudyQuestion.LosesLess ? "loses less" : "ends higher";

    /// <summary>The answer.</summary>
    [JsonIgnore]
    public StudyVerdict Judged => StudyVerdicts.On(Difference);

    /// <summary>The answer as study.json has it: "yes", "no", "not told apart", or "one seed", which has no interval over seeds.</summary>
    public string Verdict => Judged.Words();

    /// <summary>
    /// How many seeds tell apart a difference as large as the one that was seen, with the deviation that was seen, in four of five such studies; null where there are no two seeds of different values, or where more than <see cref="PairedPower.MostPairs"/> would be needed.
    /// </summary>
    public int? SeedsToTell => Difference is { HasSpread: true, Mean: { } mean, Deviation: { } deviation } ? PairedPower.PairsFor(mean, deviation) : null;

    /// <summary>The number of seeds as tables say it.</summary>
    [JsonIgnore]
    public string SeedsInWords => this switch
    {
        { Difference.HasSpread: false } or { Difference.Mean: 0 } => "–", // nobody knows, or no number of seeds tells apart what is the same
        { SeedsToTell: { } seeds } => $"{seeds:n0}",
        _ => $"over {PairedPower.MostPairs:n0}",
    };

    /// <summary>All comparisons of a study: for each method every form with each one before it, at each variation that both have, for each measure that the cells have.</summary>
    /// <param name="plan">What was to be trained.</param>
    /// <param name="outcomes">One a cell.</param>
    public static IReadOnlyList<StudyComparison> All(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes)
    {
        var comparisons = new List<StudyComparison>();
        foreach (StudyAccuracy accuracy in StudyAccuracy.Of(outcomes))
        {
            var seeds = new PairedSeeds(outcomes, accuracy);
            foreach (IGrouping<string, IReadOnlyList<StudyVariant>> method in plan.Rows.GroupBy(row => row[0].Method))
            {
                IReadOnlyList<StudyVariant>[] rows = [.. method.OrderByDescending(row => row[0].Arm is null ? (int)row[0].Objective : -1)]; // native, ER, arms
                comparisons.AddRange(
                    from later in Enumerable.Range(1, rows.Length - 1)
                    from earlier in Enumerable.Range(0, later)
                    from comparison in Compare(plan, seeds, accuracy, rows[later], rows[earlier], earlier == 0)
                    select comparison);
            }
        }
        return comparisons;
    }

    private static IEnumerable<StudyComparison> Compare(
        StudyPlan plan, PairedSeeds seeds, StudyAccuracy accuracy, IReadOnlyList<StudyVariant> subject, IReadOnlyList<StudyVariant> other, bool isAgainstFirst)
    {
        StudyVariant reference = subject[0], ofOther = other[0];
        foreach ((string variation, StudyVariant variant) in subject.Select(variant => (variant.Variation(reference), variant)))
        {
            if (other.FirstOrDefault(each => each.Variation(ofOther) == variation) is not { } counterpart)
            {
                continue; // one of the two does not have the setting
            }
            if (!variant.Equals(reference))
            {
                yield return new StudyComparison(
                    variant.Method, Title(reference), Title(ofOther), variation, accuracy,
                    seeds.Lost(reference, variant), seeds.Lost(ofOther, counterpart), seeds.LessLost((reference, variant), (ofOther, counterpart)))
                {
                    Question = StudyQuestion.LosesLess,
                    IsAgainstFirst = isAgainstFirst,
                };
            }
            yield return new StudyComparison(
                variant.Method, Title(reference), Title(ofOther), variation.Length > 0 ? variation : reference.Description, accuracy,
                seeds.Level(variant), seeds.Level(counterpart), seeds.Lead(variant, counterpart))
            {
                Question = StudyQuestion.EndsHigher,
                IsAgainstFirst = isAgainstFirst,
            };
        }

        string Title(StudyVariant variant) => variant.Title(plan.Registry.Methods);
    }
}
