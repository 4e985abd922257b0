using ErLoss.Modules.Distributed;
using ErLoss.Training.Distributed;
using ErTraining.CommandLine;

namespace ErTraining.Ranks;

/// <summary>An error of one rank or of several, which all ranks know of and end with.</summary>
/// <param name="line">What rank 0 prints.</param>
internal sealed class RanksFailedException(ErrorLine line) : Exception(line.Text)
{
    private const string Cancelled = "cancelled";

    /// <summary>What rank 0 prints, and how all ranks end.</summary>
    public ErrorLine Line => line;

    /// <summary>Tells all ranks of what has happened on each.</summary>
    /// <param name="group">The ranks.</param>
    /// <param name="own">The error on this one; null if there is none.</param>
    /// <param name="isCancelled">Whether it was cancelled.</param>
    /// <exception cref="RanksFailedException">There is an error on a rank. Its line names the rank, unless all have the same error.</exception>
    /// <exception cref="OperationCanceledException">There is none, but a rank was cancelled.</exception>
    public static void ThrowIfAny(ProcessGroup group, ErrorLine? own, bool isCancelled)
    {
        string[] all = group.GatherTexts(own is not null ? $"{own.ExitCode} {own.Text}" : isCancelled ? Cancelled : "");
        int[] failed = [.. Enumerable.Range(0, all.Length).Where(rank => all[rank].Length > 0 && all[rank] != Cancelled)];
        if (failed.Length > 0)
        {
            string first = all[failed[0]];
            int[] alike = [.. failed.Where(rank => all[rank] == first)];
            string[] parts = first.Split(' ', 2);
            throw new RanksFailedException(new ErrorLine(alike.Length == group.Size ? parts[1] : $"{RankComparison.Names(alike)}: {parts[1]}", int.Parse(parts[0])));
        }
        if (all.Contains(Cancelled))
        {
            throw new OperationCanceledException();
        }
    }
}
