namespace ErTraining.Compute;

/// <summary>How libtorch's OpenMP threads wait for each other at the end of each parallel loop: by spinning, and for how long before they sleep.</summary>
/// <remarks>
/// By default GNU's threads (Linux) spin for milliseconds. On a machine where another program is busy the thread that they wait for
/// may not be running at all, and the spinning keeps the core from it. Threads that sleep at once lose time on a quiet machine,
/// where the next loop follows within microseconds. docs/troubleshooting.md has the figures.
/// </remarks>
internal static class WaitingThreads
{
    /// <summary>Turns of the waiting loop before a thread sleeps.</summary>
    public const int Spins = 1000;

    private static readonly string[] s_variables = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"];

    /// <summary>What holds in this process, for people.</summary>
    public static string Description { get; private set; } = "as OpenMP has it";

    /// <summary>Has threads sleep soon, unless the user has said otherwise. To be called before libtorch loads, which reads it once.</summary>
    public static void SleepSoon()
    {
        if (Array.Find(s_variables, variable => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable))) is { } own)
        {
            Description = $"as the environment variable {own} says";
        }
        else
        {
            // Intel's and LLVM's OpenMP, on Windows and macOS, spin for 200 ms, but let other programs run meanwhile.
            (Variable, string description) = OperatingSystem.IsLinux()
                ? (("GOMP_SPINCOUNT", $"{Spins}"), $"spin {Spins:n0} times, then sleep (GOMP_SPINCOUNT)")
                : (("KMP_BLOCKTIME", "1"), "spin for a millisecond, then sleep (KMP_BLOCKTIME)");
            CLibrary.SetEnvironment(Variable.Value.Name, Variable.Value.Value);
            Description = description;
        }
    }

    /// <summary>The environment variable that was set, which other processes may be given too; null where the user's own stands.</summary>
    public static (string Name, string Value)? Variable { get; private set; }
}
