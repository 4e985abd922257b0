using System.Text.Json.Serialization;

namespace ErLoss.Benchmarks;

/// <summary>What was measured of a case: a line of a table, and an entry of the file that <c>--json</c> names.</summary>
/// <param name="Work">"Step" or "Loss".</param>
/// <param name="Kind">"strong" or "weak".</param>
/// <param name="Ranks">How many.</param>
/// <param name="Threads">Of each rank.</param>
/// <param name="Rows">Images of a batch, or rows of the loss, of all ranks.</param>
/// <param name="Seconds">Median time of a step or of the loss, on the slowest rank.</param>
/// <param name="Q1">A quarter of the times was shorter.</param>
/// <param name="Q3">A quarter of the times was longer.</param>
/// <param name="RatioToOneProcess">The median over the rounds of rows per second divided by those of one process with as many threads in all; null for one rank.</param>
/// <param name="RatioToOneRank">The same against one rank of as many threads as each rank has here; null where that was not measured.</param>
/// <param name="Collectives">How many collectives there were.</param>
/// <param name="Bytes">The size of the tensors that came of them.</param>
/// <param name="CollectiveSeconds">Time in them, the mean of the ranks, with waiting for ranks that come later.</param>
/// <param name="LeastCollectiveSeconds">The same of the rank that spends the least time in them. If it is far below the mean, one rank is slower than the others, which wait for it.</param>
/// <param name="ExchangeSeconds">The mean where all ranks met before each of them, so that it is the exchange alone.</param>
/// <param name="PeakBytes">Peak memory of the loss on the rank that needs most; null where it was not measured.</param>
internal sealed record ScalingRow(
    string Work,
    string Kind,
    int Ranks,
    int Threads,
    int Rows,
    double Seconds,
    double Q1,
    double Q3,
    double? RatioToOneProcess,
    double? RatioToOneRank,
    double Collectives,
    double Bytes,
    double CollectiveSeconds,
    double LeastCollectiveSeconds,
    double ExchangeSeconds,
    long? PeakBytes)
{
    /// <summary>Images or rows per second.</summary>
    [JsonIgnore]
    public double RowsPerSecond => Rows / Seconds;

    /// <summary>What part of the time the collectives take.</summary>
    [JsonIgnore]
    public double CollectiveShare => CollectiveSeconds / Seconds;

    /// <summary>What comes of the rounds of a case.</summary>
    /// <param name="at">The case.</param>
    /// <param name="samples">Of each round.</param>
    /// <param name="oneProcess">Of each round, of one process with as many threads; null where that is the case itself.</param>
    /// <param name="oneRank">Of each round, of one rank; null where there are none.</param>
    /// <param name="oneRankRows">Rows of that.</param>
    /// <param name="peakBytes">As was measured.</param>
    public static ScalingRow Of(
        ScalingCase at, IReadOnlyList<ScalingSample> samples, IReadOnlyList<ScalingSample>? oneProcess, IReadOnlyList<ScalingSample>? oneRank, int oneRankRows, long? peakBytes)
    {
        Quartiles seconds = Quartiles.Compute(samples.Select(sample => sample.Seconds));
        return new ScalingRow(
            at.Work.ToString(),
            at.Kind,
            at.Layout.Ranks,
            at.Layout.Threads,
            at.Rows,
            seconds.Median,
            seconds.First,
            seconds.Third,
            Ratio(oneProcess, at.Rows),
            Ratio(oneRank, oneRankRows),
            samples[0].Collectives,
            samples[0].Bytes,
            Median(sample => sample.CollectiveSeconds),
            Median(sample => sample.LeastCollectiveSeconds),
            Median(sample => sample.ExchangeSeconds),
            peakBytes);

        double Median(Func<ScalingSample, double> value) => Quartiles.Compute(samples.Select(value)).Median;

        // Round by round, so that a machine that is slower for a while is so for both.
        double? Ratio(IReadOnlyList<ScalingSample>? others, int rows) =>
            others is null ? null : Quartiles.Compute(samples.Zip(others, (own, other) => at.Rows / own.Seconds / (rows / other.Seconds))).Median;
    }
}
