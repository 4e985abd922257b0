using System.Runtime.InteropServices;

namespace ErTraining.Libtorch;

/// <summary>Loads native libraries by path.</summary>
internal static class DynamicLibrary
{
    private const int ResolveNow = 2, Global = 0x100; // RTLD_NOW, RTLD_GLOBAL of glibc

    /// <summary>The name of the file that a library is in on this system: "torch_cpu" is in "libtorch_cpu.so", say.</summary>
    public static string FileName(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    /// <summary>Loads a library and those it needs; what it calls that they lack is found missing now, where the system can tell.</summary>
    /// <param name="path">The file, with its folder.</param>
    /// <param name="forAll">On Linux, libraries loaded later find its symbols and those of what it needs.</param>
    /// <exception cref="DllNotFoundException">It does not load; the message says why, in the loader's words.</exception>
    /// <exception cref="BadImageFormatException">It is of another processor's.</exception>
    public static nint Load(string path, bool forAll = false)
    {
        if (!OperatingSystem.IsLinux())
        {
            return NativeLibrary.Load(path);
        }
        nint name = Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            Error(); // bound now: between the two calls below the runtime must bind nothing, which would clear the error
            nint library = Open(name, forAll ? ResolveNow | Global : ResolveNow);
            nint error = Error();
            return library != 0 ? library : throw new DllNotFoundException(Marshal.PtrToStringUTF8(error));
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }

    [DllImport("libdl.so.2", EntryPoint = "dlopen")]
    private static extern nint Open(nint file, int flags);

    [DllImport("libdl.so.2", EntryPoint = "dlerror")]
    private static extern nint Error();
}
