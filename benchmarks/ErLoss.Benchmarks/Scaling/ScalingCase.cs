namespace ErLoss.Benchmarks;

/// <summary>What one line of the tables is about.</summary>
/// <param name="Work">Steps or the loss.</param>
/// <param name="Kind">"strong": all ranks together have the same rows, however many they are; or "weak": each rank has them.</param>
/// <param name="Layout">Ranks and their threads.</param>
/// <param name="Rows">Images or rows of all ranks.</param>
internal sealed record ScalingCase(ScalingWork Work, string Kind, RankLayout Layout, int Rows)
{
    /// <summary>The two kinds.</summary>
    public const string Strong = "strong", Weak = "weak";

    /// <summary>One process with the same rows and as many threads as all ranks have; itself where there is one rank.</summary>
    public ScalingCase OneProcess => this with { Layout = Layout.OneProcess };

    /// <summary>All cases: for each number of ranks the ranks, and one process with as many threads.</summary>
    /// <param name="work">Steps or the loss.</param>
    /// <param name="ranks">Numbers of ranks.</param>
    /// <param name="threads">Of each rank.</param>
    /// <param name="rows">Of one rank; in strong scaling also of several together.</param>
    public static IReadOnlyList<ScalingCase> All(ScalingWork work, IReadOnlyList<int> ranks, int threads, int rows) =>
    [
        .. from kind in (string[])[Strong, Weak]
           from n in ranks
           let one = new ScalingCase(work, kind, new RankLayout(n, threads), kind == Weak ? n * rows : rows)
           from each in n == 1 ? [one] : (ScalingCase[])[one, one.OneProcess]
           select each,
    ];
}
