using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Which attention operators the loaded libtorch has. A script that names one it lacks would end the process.</summary>
/// <remarks>
/// On Linux libtorch is asked for the operator's symbol, in which its arguments are encoded. Other systems encode names otherwise; there the libtorch is TorchSharp's own, which has all of
/// them.
/// </remarks>
internal static class AttentionOperators
{
    private const string Three = "ERKNS_6TensorES4_S4_";

    /// <summary>Whether the operator is there, with the arguments that the scripts give.</summary>
    public static bool Has(AttentionKernel kernel)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }
        InitializeDeviceType(TorchSharp.DeviceType.CPU);
        return NativeLibrary.TryLoad("torch_cpu", typeof(TorchSharp.torch).Assembly, null, out nint library) && NativeLibrary.TryGetExport(library, SymbolOf(kernel), out _);
    }

    /// <summary>The name of the operator's function <c>call</c>, as compilers for Linux encode it.</summary>
    public static string SymbolOf(AttentionKernel kernel) => kernel switch
    {
        AttentionKernel.Processor => Encode("_scaled_dot_product_flash_attention_for_cpu", "dbRKSt8optionalIS2_ES5_IdE"),
        AttentionKernel.Efficient => Encode("_scaled_dot_product_efficient_attention", "RKSt8optionalIS2_EbdbS5_IdE"),
        AttentionKernel.Flash => Encode("_scaled_dot_product_flash_attention", "dbbSt8optionalIdE"),
        _ => Encode("_scaled_dot_product_cudnn_attention", "RKSt8optionalIS2_EbdbbS5_IdE"),
    };

    private static string Encode(string name, string arguments) => $"_ZN2at4_ops{name.Length}{name}4call{Three}{arguments}";
}
