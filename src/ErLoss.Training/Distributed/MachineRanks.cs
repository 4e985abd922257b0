using ErLoss.Modules.Distributed;

namespace ErLoss.Training.Distributed;

/// <summary>Which ranks are on the machine of this one, and share its memory, its processors and its GPUs.</summary>
/// <param name="Local">Which of them this is, counted from 0 in the order of the ranks.</param>
/// <param name="LocalSize">How many they are.</param>
/// <param name="ProcessorSharers">How many of them may run on the same processors as this one: all of them, unless the launcher has given each its own.</param>
/// <param name="Machines">How many machines there are.</param>
internal sealed record MachineRanks(int Local, int LocalSize, int ProcessorSharers, int Machines)
{
    private const string BootId = "/proc/sys/kernel/random/boot_id", Status = "/proc/self/status", Processors = "Cpus_allowed_list:";

    /// <summary>One process, which has the machine to itself.</summary>
    public static MachineRanks Alone { get; } = new(0, 1, 1, 1);

    /// <summary>Asks all ranks where they are.</summary>
    /// <param name="group">The ranks; null if there is one process.</param>
    public static MachineRanks Of(ProcessGroup? group) => group is null
        ? Alone
        : Of(group.Rank, [.. group.GatherTexts($"{Environment.MachineName} {FirstLine(BootId, "")}\n{FirstLine(Status, Processors)}").Select(place => (place.Split('\n')[0], place.Split('\n')[1]))]);

    /// <summary>What follows from the places of all ranks.</summary>
    /// <param name="rank">This one.</param>
    /// <param name="places">The machine of each rank, and the processors that it may run on.</param>
    internal static MachineRanks Of(int rank, IReadOnlyList<(string Machine, string Processors)> places)
    {
        string machine = places[rank].Machine;
        return new MachineRanks(
            places.Take(rank).Count(place => place.Machine == machine),
            places.Count(place => place.Machine == machine),
            places.Count(place => place == places[rank]),
            places.DistinctBy(place => place.Machine).Count());
    }

    /// <summary>The rest of the first line of a file that begins so; empty where the system has no such file.</summary>
    private static string FirstLine(string file, string beginning)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal))?[beginning.Length..].Trim() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
