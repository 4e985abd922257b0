namespace ErLoss.Benchmarks;

/// <summary>What ranks are told to do, a line of JSON.</summary>
/// <param name="Work">What to do.</param>
/// <param name="Rows">Images of a batch, or rows of the loss, of all ranks together.</param>
/// <param name="Repetitions">How often.</param>
/// <param name="MeetsFirst">Whether ranks meet before each collective.</param>
internal sealed record ScalingOrder(ScalingWork Work, int Rows, int Repetitions, bool MeetsFirst);
