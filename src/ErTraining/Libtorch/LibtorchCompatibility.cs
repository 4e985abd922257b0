using System.Runtime.InteropServices;

namespace ErTraining.Libtorch;

/// <summary>Whether a libtorch has what LibTorchSharp, TorchSharp's part between the two, calls in it.</summary>
/// <param name="Wanted">How many symbols LibTorchSharp asks libtorch for.</param>
/// <param name="Missing">Those that it does not have.</param>
internal sealed record LibtorchCompatibility(int Wanted, IReadOnlyList<string> Missing)
{
    private static readonly string[] s_libraries = ["torch_cpu", "c10", "torch"]; // that LibTorchSharp is linked to

    /// <summary>Whether this system's libraries can be looked into; elsewhere the version alone decides.</summary>
    public static bool CanBeChecked => OperatingSystem.IsLinux();

    /// <summary>Compares the symbols of a libtorch with those that LibTorchSharp asks for.</summary>
    /// <param name="bridge">LibTorchSharp's file.</param>
    /// <param name="folder">The folder with libtorch's libraries.</param>
    /// <exception cref="BadImageFormatException">A file is no library.</exception>
    public static LibtorchCompatibility Check(string bridge, string folder)
    {
        HashSet<string> missing = [.. ElfSymbols.Read(bridge).Wanted];
        int wanted = missing.Count;
        foreach (string library in s_libraries.Select(library => Path.Combine(folder, DynamicLibrary.FileName(library))).Where(File.Exists))
        {
            missing.ExceptWith(ElfSymbols.Read(library).Defined);
        }
        return new LibtorchCompatibility(wanted, [.. missing.Order(StringComparer.Ordinal)]);
    }

    /// <summary>"all 1,204 symbols there", or how many are missing, and one of them.</summary>
    public string Describe() => Missing is [var first, ..]
        ? $"{Missing.Count:n0} of {Wanted:n0} symbols missing, {Demangle(first)} among them"
        : $"all {Wanted:n0} symbols there";

    /// <summary>A symbol's name as it stands in C++; as it is where the system's C++ library cannot tell.</summary>
    private static string Demangle(string symbol)
    {
        if (!NativeLibrary.TryLoad("libstdc++.so.6", out nint library) || !NativeLibrary.TryGetExport(library, "__cxa_demangle", out nint function))
        {
            return symbol;
        }
        nint name = Marshal.GetDelegateForFunctionPointer<DemangleFunction>(function)(symbol, 0, 0, out int status);
        string? plain = status == 0 ? Marshal.PtrToStringUTF8(name) : null;
        Marshal.FreeCoTaskMem(name); // C's free, on this system
        return plain ?? symbol;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint DemangleFunction([MarshalAs(UnmanagedType.LPUTF8Str)] string name, nint buffer, nint length, out int status);
}
