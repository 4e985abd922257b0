using System.Runtime.InteropServices;

namespace ErLoss.Modules.Tests;

/// <summary>Memory that the process keeps for its next tensor: glibc gives large blocks back at once, and every step faults them in again.</summary>
internal static class KeptMemory
{
    private const int TrimThreshold = -1, TopPad = -2, MmapThreshold = -3; // M_… of glibc's malloc.h

    /// <summary>Asks glibc for it, where that is the C library. Before libtorch allocates, to be of use.</summary>
    public static void Ask()
    {
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out nint library) && NativeLibrary.TryGetExport(library, "mallopt", out nint function))
        {
            var set = Marshal.GetDelegateForFunctionPointer<MallocOption>(function);
            set(MmapThreshold, 1 << 30);
            set(TrimThreshold, int.MaxValue);
            set(TopPad, 64 << 20);
        }
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int MallocOption(int parameter, int value);
}
