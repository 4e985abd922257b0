namespace ErLoss.Benchmarks;

/// <summary>What a rank answers.</summary>
/// <param name="Rank">Which it is.</param>
/// <param name="Seconds">The time of one repetition.</param>
/// <param name="Collectives">Those of all repetitions.</param>
/// <param name="PeakBytes">By how much the work made the resident set grow at its peak; zero where that was not asked for.</param>
internal sealed record ScalingReply(int Rank, double Seconds, CollectiveCounts Collectives, long PeakBytes);
