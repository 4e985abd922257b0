using System.Runtime.InteropServices;

namespace ErLoss.Training.Compute;

/// <summary>The functions of the system's C library that .NET has no call for.</summary>
internal static class CLibrary
{
    /// <summary>Whether the C library is glibc, which musl's systems and macOS lack.</summary>
    public static bool IsGlibc { get; } =
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad(Glibc, out nint library) && NativeLibrary.TryGetExport(library, "gnu_get_libc_version", out _);

    private const string Glibc = "libc.so.6";

    /// <summary>
    /// Sets an environment variable where native code reads it. .NET's own setter changes a copy that only .NET and child processes see,
    /// except on Windows, which has no other.
    /// </summary>
    public static void SetEnvironment(string name, string value)
    {
        if (OperatingSystem.IsWindows())
        {
            Environment.SetEnvironmentVariable(name, value);
        }
        else if (OperatingSystem.IsMacOS())
        {
            _ = SetEnvironmentOnMac(name, value, 1);
        }
        else
        {
            _ = SetEnvironmentOnLinux(name, value, 1);
        }
    }

    /// <summary>Sets a parameter of glibc's allocator; false where it refuses the value.</summary>
    public static bool SetAllocatorParameter(int parameter, int value) => SetAllocator(parameter, value) == 1;

    /// <summary>Gives what glibc's allocator holds and nobody uses back to the system. Nothing on systems without glibc.</summary>
    public static void ReleaseFreeMemory()
    {
        if (IsGlibc)
        {
            _ = Trim(0);
        }
    }

    /// <summary>Bytes that glibc's allocator has given out and not got back; null where glibc is too old to say (before 2.33).</summary>
    public static long? AllocatedBytes()
    {
        try
        {
            AllocatorStatistics statistics = Statistics();
            return (long)(statistics.UsedBytes + statistics.MappedBytes);
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetEnvironmentOnLinux(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);

    [DllImport("libSystem.dylib", EntryPoint = "setenv")]
    private static extern int SetEnvironmentOnMac(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);

    [DllImport(Glibc, EntryPoint = "mallopt")]
    private static extern int SetAllocator(int parameter, int value);

    [DllImport(Glibc, EntryPoint = "malloc_trim")]
    private static extern int Trim(nuint leave);

    [DllImport(Glibc, EntryPoint = "mallinfo2")]
    private static extern AllocatorStatistics Statistics();

    /// <summary>glibc's struct mallinfo2: ten sizes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    private readonly struct AllocatorStatistics
    {
        [FieldOffset(32)]
        public readonly nuint MappedBytes; // hblkhd

        [FieldOffset(56)]
        public readonly nuint UsedBytes; // uordblks
    }
}
