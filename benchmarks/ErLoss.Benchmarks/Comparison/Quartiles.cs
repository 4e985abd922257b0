using MathNet.Numerics.Statistics;

namespace ErLoss.Benchmarks;

/// <summary>The median of some measurements and their spread: a quarter of them lies below the first quartile, a quarter above the third.</summary>
internal readonly record struct Quartiles(double First, double Median, double Third)
{
    /// <summary>
    /// The quartiles of one value or more, linear between neighbours. This is definition 7 of Hyndman and Fan ("Sample quantiles in statistical packages", 1996), which
    /// pytorch_baseline.py uses too; the quartile functions of MathNet.Numerics use definition 8.
    /// </summary>
    public static Quartiles Compute(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new(At(0.25), At(0.5), At(0.75));

        double At(double fraction) => SortedArrayStatistics.QuantileCustom(sorted, fraction, QuantileDefinition.R7);
    }
}
