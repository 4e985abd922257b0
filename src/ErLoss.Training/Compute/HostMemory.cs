using System.Globalization;

namespace ErLoss.Training.Compute;

/// <summary>Memory of the machine that this process may still take.</summary>
internal static class HostMemory
{
    private const string Group = "/sys/fs/cgroup/memory.";

    /// <summary>Bytes that are free, as the system, the container and the shell's limit of address space have it, whichever is least.</summary>
    /// <returns>Null where the system does not tell.</returns>
    public static long? Free()
    {
        if (!OperatingSystem.IsLinux())
        {
            GCMemoryInfo memory = GC.GetGCMemoryInfo(); // as of the last collection
            return memory.TotalAvailableMemoryBytes > 0 ? Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes) : null;
        }
        long?[] bounds =
        [
            1024 * Number("/proc/meminfo", "MemAvailable:"),
            Number(Group + "max", "") - Number(Group + "current", "") + (Number(Group + "stat", "inactive_file ") ?? 0), // files that were read are given up first
            Number("/proc/self/limits", "Max address space") - 1024 * Number("/proc/self/status", "VmSize:"),
        ];
        return bounds.Min() is { } least ? Math.Max(0, least) : null;
    }

    /// <summary>The number that follows a line's beginning; null where there is none, as where a limit is "max" or "unlimited".</summary>
    private static long? Number(string file, string beginning)
    {
        try
        {
            string? line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal));
            string? word = line?[beginning.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();
            return long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // no such file in this kernel or container
        }
    }
}
