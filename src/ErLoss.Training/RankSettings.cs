using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Distributed;
using ErLoss.Training.Settings;

namespace ErLoss.Training;

/// <summary>The settings of a run on each of its ranks.</summary>
internal static class RankSettings
{
    /// <summary>Refuses ranks that run another version of the program, or whose settings differ in what decides the result.</summary>
    /// <param name="group">The ranks.</param>
    /// <param name="document">Knows the settings.</param>
    /// <param name="own">This rank's.</param>
    /// <param name="version">The program's version on this rank.</param>
    /// <param name="nameOf">What messages call a setting, given its word.</param>
    /// <exception cref="DataException">The ranks differ; every rank gets the same message.</exception>
    public static void RequireSame(ProcessGroup group, Document<RunSettings> document, RunSettings own, string version, Func<string, string> nameOf)
    {
        RankComparison.Require(group, version, (odd, others) => new DataException($"{odd.Ranks}: version {odd.Has} of the program runs there, and version {others.Has} on {others.Ranks}; install the same one everywhere."));
        RunSettings[] all = [.. group.GatherTexts(document.Write(own)).Select(text => document.Read(new RunSettings(), text))];
        for (int rank = 1; rank < all.Length; rank++)
        {
            if (document.Difference(all[0], all[rank]) is { } other)
            {
                throw new DataException($"rank {rank}: {nameOf(other.Word)} is {other.Second} there, and {other.First} on rank 0; start all ranks with the same settings.");
            }
        }
    }

    /// <summary>The settings that rank 0 has, on every rank; null if it has none.</summary>
    /// <param name="group">The ranks; null if there is one process.</param>
    /// <param name="document">Knows the settings.</param>
    /// <param name="ofRankZero">They are looked at on rank 0 alone.</param>
    public static RunSettings? OfRankZero(ProcessGroup? group, Document<RunSettings> document, RunSettings? ofRankZero) => group is null
        ? ofRankZero
        : group.BroadcastText(ofRankZero is null ? null : document.Write(ofRankZero)) is { } text ? document.Read(new RunSettings(), text) : null;
}
