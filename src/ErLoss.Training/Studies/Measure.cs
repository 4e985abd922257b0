using System.Text.Json.Serialization;
using ErLoss.Training.Statistics;
using MathNet.Numerics.Statistics;

namespace ErLoss.Training.Studies;

/// <summary>A quantity over seeds.</summary>
/// <param name="values">One a seed that was trained to its end.</param>
/// <param name="failed">Seeds that were not.</param>
/// <param name="ofOne">The 95% confidence interval of the quantity of a single seed, if it is known.</param>
internal sealed class Measure(IReadOnlyList<double> values, int failed, ConfidenceInterval? ofOne = null)
{
    /// <summary>Their mean; null if there are none.</summary>
    public double? Mean => values.Count == 0 ? null : values.Mean();

    /// <summary>Their sample standard deviation; null of fewer than two.</summary>
    public double? Deviation => values.Count < 2 ? null : values.StandardDeviation();

    /// <summary>
    /// The 95% confidence interval: of the mean over seeds, by the spread of two seeds or more; of a single seed's accuracy, or of the difference of two, by the number of test
    /// images. Null where neither is known, and where all seeds come to the same value other than zero: accuracies are counts of test images, so that this says that the spread is less than an image, not that there is none.
    /// </summary>
    public ConfidenceInterval? Interval => values.Count == 1 ? ofOne : HasSpread || Mean == 0 ? ConfidenceInterval.OfMean(values) : null;

    /// <summary>Whether there are seeds of different values.</summary>
    [JsonIgnore]
    public bool HasSpread => values.Any(value => value != values[0]);

    /// <summary>Seeds that were trained to their end.</summary>
    public int Seeds => values.Count;

    /// <summary>Seeds that were not.</summary>
    public int Failed => failed;

    /// <summary>Whether there is nothing to show but failures.</summary>
    [JsonIgnore]
    public bool HasOnlyFailed => values.Count == 0 && failed > 0;

    /// <summary>As tables show it: <c>45.21</c>, <c>45.21 ± 0.30</c>, <c>45.21 (1 failed)</c>, <c>failed</c>; a dash if there is nothing.</summary>
    public override string ToString() => this switch
    {
        { HasOnlyFailed: true } => "failed",
        { Mean: null } => "–",
        _ => $"{Mean:f2}{(Deviation is { } deviation ? $" ± {deviation:f2}" : "")}{(failed > 0 ? $" ({failed} failed)" : "")}",
    };
}
