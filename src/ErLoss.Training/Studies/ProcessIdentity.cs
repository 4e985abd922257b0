using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace ErLoss.Training.Studies;

/// <summary>Says which process of which machine one is. The number of a process is used again after its end, so its time of start belongs to it.</summary>
/// <param name="Host">The name of the machine, for people.</param>
/// <param name="Machine">Tells machines apart, also those of one name. On Linux it changes when the machine is started again, and a container with processes of its own has another one.</param>
/// <param name="Number">The number that the system knows the process by.</param>
/// <param name="Started">When it began, in the system's own unit.</param>
internal sealed record ProcessIdentity(string Host, string Machine, int Number, string Started)
{
    private const int StateField = 0, StartField = 19; // of /proc/N/stat, counted from what follows the name

    /// <summary>This process.</summary>
    public static ProcessIdentity Current { get; } = new(Environment.MachineName, FindMachine(), Environment.ProcessId, StartOf(Environment.ProcessId) ?? "");

    /// <summary>Whether it is certain that the process is over. Of a process of another machine this is never certain.</summary>
    public bool HasEnded => Machine == Current.Machine && this != Current && (!Exists(Number) || StartOf(Number) is { } started && started != Started);

    private static string FindMachine()
    {
        try
        {
            return OperatingSystem.IsLinux()
                ? $"{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()} {new FileInfo("/proc/self/ns/pid").LinkTarget}"
                : Environment.MachineName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Environment.MachineName;
        }
    }

    private static bool Exists(int number)
    {
        try
        {
            using var process = Process.GetProcessById(number);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>When a process began; "" if it is over and only waits for its parent to notice; null if nobody says.</summary>
    private static string? StartOf(int number)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                string stat = File.ReadAllText($"/proc/{number}/stat");
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // the name before it may have blanks and brackets
                return fields[StateField] is "Z" or "X" ? "" : fields[StartField];
            }
            using var process = Process.GetProcessById(number);
            return process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null; // it has just ended, or it is another user's
        }
    }
}
