using System.Buffers.Binary;
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
    /// <exception cref="BadImageFormatException">It is of another processor's, or the file is cut off.</exception>
    public static nint Load(string path, bool forAll = false)
    {
        if (!OperatingSystem.IsLinux())
        {
            return NativeLibrary.Load(path);
        }
        RequireWhole(path);
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

    /// <summary>Refuses an ELF file that ends before its table of sections, which is its last part: the loader would map what is not there, and the process would end by SIGBUS.</summary>
    private static void RequireWhole(string path)
    {
        const int HeaderLength = 64; // of a 64-bit file; offset, entry size and number of sections are at 40, 58 and 60
        Span<byte> header = stackalloc byte[HeaderLength];
        using FileStream file = File.OpenRead(path);
        if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength || !header.StartsWith("\u007fELF\u0002\u0001"u8))
        {
            return; // the loader says what it is instead
        }
        long end = BinaryPrimitives.ReadInt64LittleEndian(header[40..])
            + (long)BinaryPrimitives.ReadUInt16LittleEndian(header[58..]) * BinaryPrimitives.ReadUInt16LittleEndian(header[60..]);
        if (file.Length < end)
        {
            throw new BadImageFormatException($"{path} is cut off: it has {file.Length:n0} bytes of {end:n0}");
        }
    }

    [DllImport("libdl.so.2", EntryPoint = "dlopen")]
    private static extern nint Open(nint file, int flags);

    [DllImport("libdl.so.2", EntryPoint = "dlerror")]
    private static extern nint Error();
}
