namespace ErLoss.Training.Compute;

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

    private static readonly (string Name, string Value) s_blockTime = ("KMP_BLOCKTIME", "1"); // milliseconds

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
            // Intel's and LLVM's OpenMP, which Windows, macOS and some builds for Linux have, spin for 200 ms, but let other programs run meanwhile.
            bool isLinux = OperatingSystem.IsLinux();
            Variables = isLinux ? [("GOMP_SPINCOUNT", $"{Spins}"), s_blockTime] : [s_blockTime];
            foreach ((string name, string value) in Variables)
            {
                CLibrary.SetEnvironment(name, value);
            }
            Description = isLinux ? $"spin {Spins:n0} times, then sleep (GOMP_SPINCOUNT)" : "spin for a millisecond, then sleep (KMP_BLOCKTIME)";
        }
    }

    /// <summary>The environment variables that were set, which other processes may be given too; none where the user's own stand.</summary>
    public static IReadOnlyList<(string Name, string Value)> Variables { get; private set; } = [];
}
