using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace ErLoss.Training.Compute;

/// <summary>What computes float32 matrix products on this processor.</summary>
/// <remarks>
/// libtorch's packages for x64 leave products to Intel's MKL, which uses AVX-512 on Intel's processors only. On AMD's it takes a generic path
/// of AVX2 at best, at less than half the speed that their AVX-512 allows.
/// </remarks>
internal static class MatrixProducts
{
    /// <summary>For people: who computes them, and whether at the processor's full speed.</summary>
    public static string Description
    {
        get
        {
            if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || OperatingSystem.IsMacOS())
            {
                return "libtorch's own library";
            }
            return Vendor() switch
            {
                "GenuineIntel" => "Intel's MKL",
                "AuthenticAMD" when Avx512F.IsSupported => "Intel's MKL, which does not use AVX-512 on AMD processors",
                _ => "Intel's MKL, which is slower on other makers' processors",
            };
        }
    }

    /// <summary>The twelve letters by which an x64 processor names its maker.</summary>
    private static string Vendor()
    {
        if (!X86Base.IsSupported)
        {
            return "";
        }
        (_, int first, int last, int middle) = X86Base.CpuId(0, 0);
        Span<byte> letters = stackalloc byte[12];
        MemoryMarshal.Write(letters, first);
        MemoryMarshal.Write(letters[4..], middle);
        MemoryMarshal.Write(letters[8..], last);
        return Encoding.ASCII.GetString(letters);
    }
}
