using System.Text.Json.Serialization;
using ErLoss.Training.Methods;

namespace ErLoss.Training.Studies;

/// <summary>What an encoder's features are worth by one measure.</summary>
/// <param name="Accuracy">In percent.</param>
/// <param name="Gain">Points above the untrained encoder, each seed with itself.</param>
/// <param name="Lost">Points below the reference, likewise; null of a reference.</param>
internal sealed record StudyLevel(Measure Accuracy, Measure Gain, Measure? Lost = null);

/// <summary>Accuracy lost against the reference.</summary>
/// <param name="Variation">What is different: <c>batch 64</c>, <c>EMA 0.8</c>.</param>
/// <param name="Lost">kNN accuracy of the reference less the variant's, in points, each seed with itself.</param>
/// <param name="Knn">The variant by its kNN accuracy.</param>
/// <param name="LinearProbe">The variant by a linear probe; null where no cell has one.</param>
/// <param name="Variant">What lost it.</param>
internal sealed record StudyDelta(string Variation, Measure Lost, StudyLevel Knn, StudyLevel? LinearProbe, [property: JsonIgnore] StudyVariant Variant)
{
    /// <summary>The variant by a measure; null if no cell has that.</summary>
    public StudyLevel? Level(StudyAccuracy accuracy) => accuracy == StudyAccuracy.Knn ? Knn : LinearProbe;
}

/// <summary>A method with an objective or an arm.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Objective">Which loss it trained with.</param>
/// <param name="Arm">Name of the arm; null if it is the method natively or with ER and nothing else.</param>
/// <param name="Accuracy">kNN accuracy of the reference, in percent.</param>
/// <param name="Knn">The reference by its kNN accuracy.</param>
/// <param name="LinearProbe">The reference by a linear probe; null where no cell has one.</param>
/// <param name="Deltas">One a variant but the reference.</param>
/// <param name="Reference">What the others are compared with.</param>
internal sealed record StudyTableRow(
    string Method,
    Objective Objective,
    string? Arm,
    Measure Accuracy,
    StudyLevel Knn,
    StudyLevel? LinearProbe,
    IReadOnlyList<StudyDelta> Deltas,
    [property: JsonIgnore] StudyVariant Reference)
{
    /// <summary>The reference by a measure; null if no cell has that.</summary>
    public StudyLevel? Level(StudyAccuracy accuracy) => accuracy == StudyAccuracy.Knn ? Knn : LinearProbe;

    /// <summary>What is lost by a variation; null if the method has no such variant.</summary>
    public Measure? Lost(string variation) => Delta(variation)?.Lost;

    /// <summary>The variant of a variation; null if the method has none.</summary>
    public StudyDelta? Delta(string variation) => Deltas.FirstOrDefault(delta => delta.Variation == variation);
}

/// <summary>The paper's Table 2: what each method reaches, and what it loses at a small batch or a fast teacher.</summary>
/// <param name="Variations">The columns: all that differs from a reference somewhere.</param>
/// <param name="Rows">The rows: for each method one an objective or an arm.</param>
internal sealed record StudyTable(IReadOnlyList<string> Variations, IReadOnlyList<StudyTableRow> Rows)
{
    /// <summary>The measures that there is a table of: kNN, and a linear probe where cells have one.</summary>
    [JsonIgnore]
    public IReadOnlyList<StudyAccuracy> Accuracies => Rows.Any(row => row.LinearProbe is not null) ? [StudyAccuracy.Knn, StudyAccuracy.LinearProbe] : [StudyAccuracy.Knn];

    /// <summary>Whether a confidence interval stands in it anywhere.</summary>
    [JsonIgnore]
    public bool HasIntervals => Measures.Any(measure => measure.Interval is not null);

    private IEnumerable<Measure> Measures => Rows.SelectMany(row => row.Deltas.Select(delta => delta.Lost).Prepend(row.Accuracy));

    /// <summary>What the intervals in a table of so many seeds are, for a reader of the table.</summary>
    public string IntervalNote(int seeds) => (seeds > 1
        ? "Under a mean stands its 95% confidence interval by the spread of the seeds (Student's t)"
            + (Measures.Any(measure => measure.Seeds == 1) ? "; where only one seed was trained to its end, it is by the number of test images." : ".")
        : "Under a figure stands its 95% confidence interval by the number of test images (of an accuracy Clopper and Pearson's, of a difference Newcombe's); another seed may come out beyond it.")
        + " A difference is within the error if zero is in its interval.";

    /// <summary>Makes it from what has become of the cells.</summary>
    /// <param name="plan">What was to be trained.</param>
    /// <param name="outcomes">One a cell.</param>
    public static StudyTable Create(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes)
    {
        var knn = new PairedSeeds(outcomes, StudyAccuracy.Knn);
        PairedSeeds? probe = StudyAccuracy.Of(outcomes).Contains(StudyAccuracy.LinearProbe) ? new(outcomes, StudyAccuracy.LinearProbe) : null;
        StudyTableRow[] rows =
        [
            .. from variants in plan.Rows
               let reference = variants[0]
               let deltas = variants.Skip(1).Select(variant => Delta(reference, variant))
               let level = Level(knn, reference)
               select new StudyTableRow(reference.Method, reference.Objective, reference.Arm, level.Accuracy, level, probe is null ? null : Level(probe, reference), [.. deltas], reference),
        ];
        return new StudyTable([.. rows.SelectMany(row => row.Deltas).Select(delta => delta.Variation).Distinct()], rows);

        StudyDelta Delta(StudyVariant reference, StudyVariant variant)
        {
            StudyLevel level = Level(knn, variant, reference);
            return new(variant.Variation(reference), level.Lost!, level, probe is null ? null : Level(probe, variant, reference), variant);
        }
    }

    private static StudyLevel Level(PairedSeeds seeds, StudyVariant variant, StudyVariant? reference = null) =>
        new(seeds.Level(variant), seeds.Gain(variant), reference is null ? null : seeds.Lost(reference, variant));
}
