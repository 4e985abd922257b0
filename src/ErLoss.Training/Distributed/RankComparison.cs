using ErLoss.Modules.Distributed;

namespace ErLoss.Training.Distributed;

/// <summary>Refuses ranks that differ in what all must have alike. Without it they would train something that is neither one's nor the other's.</summary>
internal static class RankComparison
{
    private const int MostNamed = 4;

    /// <summary>Compares one thing of all ranks. Where most of them have the same, the others are the ones that are named; where as many have one as another, those that have not what rank 0 has.</summary>
    /// <param name="group">The ranks; nothing is compared in one process.</param>
    /// <param name="own">What this rank has.</param>
    /// <param name="error">What to throw where ranks differ: given those that do, in words ("rank 2", "ranks 1 and 3") and with what they have, and likewise the others. Every rank throws the same.</param>
    public static void Require(ProcessGroup? group, string own, Func<(string Ranks, string Has), (string Ranks, string Has), Exception> error)
    {
        if (group is not { Size: > 1 })
        {
            return;
        }
        string[] all = group.GatherTexts(own);
        int[][] alike = [.. Enumerable.Range(0, all.Length).GroupBy(rank => all[rank]).Select(ranks => ranks.ToArray())];
        if (alike.Length == 1)
        {
            return;
        }
        int[] most = alike.MaxBy(ranks => ranks.Length)!, odd = alike.First(ranks => ranks != most); // the first of equals is that of rank 0
        throw error((Names(odd), all[odd[0]]), (Names(most), all[most[0]]));
    }

    /// <summary>Ranks in words: "rank 2", "ranks 0, 1 and 3", "ranks 0, 1, 2, 3 and 60 more".</summary>
    public static string Names(IReadOnlyList<int> ranks) =>
        ranks.Count == 1 ? $"rank {ranks[0]}"
        : ranks.Count > MostNamed ? $"ranks {string.Join(", ", ranks.Take(MostNamed))} and {ranks.Count - MostNamed} more"
        : $"ranks {string.Join(", ", ranks.Take(ranks.Count - 1))} and {ranks[^1]}";
}
