using System.Runtime.InteropServices;

namespace ErTraining.Libtorch;

/// <summary>The version that a loaded libtorch says it is.</summary>
internal static class LibtorchVersion
{
    /// <summary>Major, minor and patch number; null where the library does not say, as old ones do not.</summary>
    /// <param name="library">The loaded torch_cpu.</param>
    public static string? Read(nint library)
    {
        if (!NativeLibrary.TryGetExport(library, "aoti_torch_abi_version", out nint function))
        {
            return null;
        }
        ulong version = Marshal.GetDelegateForFunctionPointer<AbiVersion>(function)(); // a byte each from the highest down, then a tag
        return $"{version >> 56}.{version >> 48 & 0xff}.{version >> 40 & 0xff}";
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate ulong AbiVersion();
}
