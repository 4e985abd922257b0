using System.Text.Json.Serialization;

namespace ErTraining.Studies;

/// <summary>A quantity over seeds.</summary>
/// <param name="values">One a seed that was trained to its end.</param>
/// <param name="failed">Seeds that were not.</param>
internal sealed class Measure(IReadOnlyList<double> values, int failed)
{
    /// <summary>Their mean; null if there are none.</summary>
    public double? Mean => values.Count == 0 ? null : values.Average();

    /// <summary>Their sample standard deviation; null of fewer than two.</summary>
    public double? Deviation => values.Count < 2
        ? null
        : Math.Sqrt(values.Sum(value => (value - values.Average()) * (value - values.Average())) / (values.Count - 1));

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
