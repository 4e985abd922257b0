using ErLoss.Training.Statistics;

namespace ErLoss.Training.Studies;

/// <summary>
/// Accuracies of a study's variants, added and taken away seed by seed, in percent and points. Runs of the same seed have the same initial weights, images and views, so that much of what a seed does to them falls out of a
/// difference.
/// </summary>
/// <param name="outcomes">What has become of the cells.</param>
/// <param name="accuracy">The measure.</param>
internal sealed class PairedSeeds(IEnumerable<CellOutcome> outcomes, StudyAccuracy accuracy)
{
    /// <summary>Decimals that accuracies of any number of images are told apart by; beyond them is the rounding of sums, which must not pass for a difference.</summary>
    private const int Decimals = 9;

    private readonly ILookup<StudyVariant, CellOutcome> _cells = outcomes.ToLookup(outcome => outcome.Cell.Variant);

    /// <summary>An accuracy of a variant in a sum.</summary>
    /// <param name="Variant">The variant.</param>
    /// <param name="Sign">1 if it is added, -1 if it is taken away.</param>
    /// <param name="IsBefore">Whether it is that of the encoder before training.</param>
    private sealed record Part(StudyVariant Variant, int Sign, bool IsBefore = false);

    /// <summary>The accuracy of a variant.</summary>
    public Measure Level(StudyVariant variant) => Sum(new Part(variant, 1));

    /// <summary>By how much a variant is better than its untrained encoder.</summary>
    public Measure Gain(StudyVariant variant) => Sum(new(variant, 1), new(variant, -1, IsBefore: true));

    /// <summary>By how much a variant is worse than its reference.</summary>
    public Measure Lost(StudyVariant reference, StudyVariant variant) => Sum(new(reference, 1), new(variant, -1));

    /// <summary>By how much one variant is better than another.</summary>
    public Measure Lead(StudyVariant subject, StudyVariant other) => Sum(new(subject, 1), new(other, -1));

    /// <summary>How much less is lost between two variants of one form than between two of another.</summary>
    /// <param name="subject">The reference of the form and its variant.</param>
    /// <param name="other">Those of the form that it is compared with.</param>
    public Measure LessLost((StudyVariant Reference, StudyVariant Variant) subject, (StudyVariant Reference, StudyVariant Variant) other) =>
        Sum(new(other.Reference, 1), new(other.Variant, -1), new(subject.Reference, -1), new(subject.Variant, 1));

    private Measure Sum(params Part[] parts)
    {
        CellOutcome[][] seeds =
        [
            .. from first in _cells[parts[0].Variant]
               let cells = parts.Select(part => _cells[part.Variant].FirstOrDefault(cell => cell.Cell.Seed == first.Cell.Seed)).ToArray()
               where cells.All(cell => cell is not null)
               select cells!,
        ];
        (double Value, ConfidenceInterval? Interval, int Sign)[][] finished =
        [
            .. from seed in seeds
               where seed.All(cell => cell.Status == CellStatus.Finished)
               let values = seed.Zip(parts, (cell, part) => (part.Sign, Of: (part.IsBefore ? accuracy.Before : accuracy.After)(cell.Result!))).ToArray()
               where values.All(value => value.Of.Value is not null)
               select values.Select(value => (value.Of.Value!.Value, value.Of.Interval, value.Sign)).ToArray(),
        ];
        return new Measure(
            [.. finished.Select(values => Math.Round(100 * values.Sum(value => value.Sign * value.Value), Decimals) + 0.0)], // no minus zero
            seeds.Count(seed => seed.Any(cell => cell.Status == CellStatus.Failed)),
            finished is [var only] && only.All(value => value.Interval is not null) ? InPercent(only.Length == 1 ? only[0].Interval! : ConfidenceInterval.OfSum([.. only.Select(value => (value.Value, value.Interval!, value.Sign))])) : null);
    }

    private static ConfidenceInterval InPercent(ConfidenceInterval interval) => new(100 * interval.Low, 100 * interval.High);
}
