namespace ErLoss.Benchmarks;

/// <summary>How many ranks there are, and how many threads each has.</summary>
internal readonly record struct RankLayout(int Ranks, int Threads)
{
    /// <summary>One process with as many threads in all.</summary>
    public RankLayout OneProcess => new(1, Ranks * Threads);

    /// <summary>"2 × 1".</summary>
    public override string ToString() => $"{Ranks} × {Threads}";
}
