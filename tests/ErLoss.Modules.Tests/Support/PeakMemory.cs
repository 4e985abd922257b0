using System.Globalization;
using System.Runtime.InteropServices;

namespace ErLoss.Modules.Tests;

/// <summary>How much memory something takes at its peak, on Linux with glibc.</summary>
internal static class PeakMemory
{
    private static readonly MallocTrim? s_trim = Trim();

    /// <summary>Whether it can be measured here.</summary>
    public static bool IsKnown => s_trim is not null;

    /// <summary>Bytes that the process's resident memory exceeds its present size by, while an action runs.</summary>
    public static long Of(Action action)
    {
        s_trim!(0);
        File.WriteAllText("/proc/self/clear_refs", "5"); // the peak starts anew
        long before = Read("VmRSS:");
        action();
        return Read("VmHWM:") - before;
    }

    private static MallocTrim? Trim() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out nint library) && NativeLibrary.TryGetExport(library, "malloc_trim", out nint function)
            ? Marshal.GetDelegateForFunctionPointer<MallocTrim>(function)
            : null;

    private static long Read(string field)
    {
        string line = File.ReadLines("/proc/self/status").Single(line => line.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) << 10;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int MallocTrim(nuint padding);
}
