namespace ErLoss.Modules.Distributed;

/// <summary>In what ranks differ that must not, as a message. Every rank gets the same one.</summary>
internal static class RankDifference
{
    /// <summary>What is wrong if ranks have different values; null if all have the same.</summary>
    /// <param name="what">Of what these are the values.</param>
    /// <param name="ofRanks">The values of each rank.</param>
    /// <param name="place">Which of them is compared.</param>
    /// <param name="text">A value as text; by default the number.</param>
    public static string? Of(string what, long[][] ofRanks, int place, Func<long, string>? text = null)
    {
        IGrouping<long, int>[] groups = [.. Enumerable.Range(0, ofRanks.Length).GroupBy(rank => ofRanks[rank][place])];
        return groups.Length == 1
            ? null
            : $"The ranks differ in {what}: {string.Join(", ", groups.Select(group => $"{text?.Invoke(group.Key) ?? $"{group.Key}"} on {Names([.. group])}"))}. All ranks must have the same.";
    }

    /// <summary>Ranks by their numbers, at most four of them.</summary>
    public static string Names(int[] ranks)
    {
        string[] shown = [.. ranks.Take(4).Select(rank => $"{rank}")];
        return ranks.Length == 1 ? $"rank {shown[0]}"
            : ranks.Length > shown.Length ? $"ranks {string.Join(", ", shown)} and {ranks.Length - shown.Length} more"
            : $"ranks {string.Join(", ", shown[..^1])} and {shown[^1]}";
    }
}
