using System.Runtime.InteropServices;
using System.Text;

namespace ErLoss.Modules.Distributed;

/// <summary>The functions of the system's C library that .NET has no call for.</summary>
internal static unsafe class CLibrary
{
    // Of dlfcn.h. The symbols of Open MPI must be global, or its plugins do not find them.
    private const int Now = 2, GlobalOnLinux = 0x100, GlobalOnMac = 8;

    /// <summary>Loads a library with its symbols visible to those that are loaded after it.</summary>
    /// <param name="name">A file, or a name that the system finds.</param>
    /// <param name="library">Its handle.</param>
    /// <param name="reason">Why it could not be loaded, in the system's words, if it has any: the library may be there, and one that it needs may not.</param>
    public static bool TryLoadGlobally(string name, out nint library, out string? reason)
    {
        reason = null;
        if (!Unix("dlopen", out nint open) || !Unix("dlerror", out nint error))
        {
            return NativeLibrary.TryLoad(name, out library);
        }
        fixed (byte* text = Text(name))
        {
            library = ((delegate* unmanaged<byte*, int, nint>)open)(text, Now | (OperatingSystem.IsMacOS() ? GlobalOnMac : GlobalOnLinux));
        }
        if (library == 0)
        {
            reason = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)error)());
        }
        return library != 0;
    }

    /// <summary>Sets an environment variable where native code reads it, unless it is set. .NET's own setter does not reach native code.</summary>
    public static void SetEnvironmentDefault(string name, string value)
    {
        if (Unix("setenv", out nint set))
        {
            fixed (byte* nameText = Text(name), valueText = Text(value))
            {
                _ = ((delegate* unmanaged<byte*, byte*, int, int>)set)(nameText, valueText, 0);
            }
        }
    }

    private static bool Unix(string function, out nint address)
    {
        address = 0;
        // glibc before 2.34 has dlopen in a library of its own.
        string[] libraries = OperatingSystem.IsLinux() ? ["libc.so.6", "libdl.so.2", "libc.so"] : OperatingSystem.IsMacOS() ? ["libSystem.dylib"] : [];
        foreach (string name in libraries)
        {
            if (NativeLibrary.TryLoad(name, out nint library) && NativeLibrary.TryGetExport(library, function, out address))
            {
                return true;
            }
        }
        return false;
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');
}
