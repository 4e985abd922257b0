namespace ErLoss.Benchmarks;

/// <summary>What collectives there were.</summary>
/// <param name="Calls">How many.</param>
/// <param name="Bytes">The size of the tensors that came of them.</param>
/// <param name="Seconds">The time within them.</param>
internal readonly record struct CollectiveCounts(long Calls, long Bytes, double Seconds);
