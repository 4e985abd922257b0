using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ErLoss.Tests;

/// <summary>What the tests ask of native code before libtorch loads, because several test projects run at once and share the processor's cores.</summary>
internal static class LibtorchInTests
{
    private const string Spins = "GOMP_SPINCOUNT";

    // Of glibc's malloc.h.
    private const int TrimThreshold = -1, TopPad = -2, MmapThreshold = -3;

    /// <summary>
    /// Threads that wait sleep soon: threads of GNU OpenMP would spin otherwise, and take a core away from tests that work. Freed memory is kept, so that it need not be made anew for each
    /// tensor.
    /// </summary>
    // .NET's own setter does not reach native code. .NET copies the environment at its first use, which is here, so that programs which tests start do not see what is set.
    [ModuleInitializer]
    internal static void Prepare()
    {
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariables()[Spins] is null)
        {
            _ = SetEnvironment(Spins, "1000", overwrite: 0);
            _ = SetAllocation(MmapThreshold, 1 << 30);
            _ = SetAllocation(TrimThreshold, int.MaxValue);
            _ = SetAllocation(TopPad, 64 << 20);
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    private static extern int SetAllocation(int parameter, int value);

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetEnvironment(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
