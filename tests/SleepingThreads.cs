using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ErLoss.Tests;

/// <summary>
/// Lets the threads of libtorch sleep soon when they have nothing to do. Several test projects run at once, and a waiting thread that spins, as threads of GNU OpenMP do, takes the
/// processor away from those that work.
/// </summary>
internal static class SleepingThreads
{
    private const string Spins = "GOMP_SPINCOUNT";

    // The variable is read when libtorch loads; .NET's own setter does not reach native code. .NET copies the environment at its first use, so that programs which tests start do not see this.
    [ModuleInitializer]
    internal static void Ask()
    {
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariables()[Spins] is null)
        {
            _ = SetEnvironment(Spins, "1000", overwrite: 0);
        }
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetEnvironment(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
