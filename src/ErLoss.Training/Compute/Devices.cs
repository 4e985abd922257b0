using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Training.Compute;

/// <summary>Devices by the names the command line knows them by.</summary>
internal static class Devices
{
    /// <summary>The device that "auto", "cpu", "cuda" or "cuda:N" names; null where there is no such device on this machine.</summary>
    /// <param name="name">The name.</param>
    /// <param name="local">Which of several processes on the machine asks, from 0. Where the name leaves it open, they have its GPUs in turns.</param>
    public static Device? Find(string name, int local = 0) => name switch
    {
        "cpu" => CPU,
        "auto" => Find("cuda", local) ?? CPU,
        "cuda" => Find($"cuda:{(cuda_is_available() ? local % Math.Max(1, cuda.device_count()) : 0)}"),
        _ when IsCudaIndex(name, out int index) => cuda_is_available() && index < cuda.device_count() ? device(DeviceType.CUDA, index) : null,
        _ => throw new ArgumentException($"'{name}' is no device name.", nameof(name)),
    };

    /// <summary>Whether a name is one that <see cref="Find"/> understands.</summary>
    public static bool IsName(string name) => name is "auto" or "cpu" or "cuda" || IsCudaIndex(name, out _);

    /// <summary>A device and the threads of CPU kernels, to be shown: "cpu, 2 threads".</summary>
    public static string Describe(Device device) => $"{device}, {get_num_threads()} {(get_num_threads() == 1 ? "thread" : "threads")}";

    /// <summary>
    /// As <see cref="Describe"/>, with what is computed in, and why it is no GPU where there is none: "cuda:0, 16 threads, float32 with TF32 in convolutions".
    /// </summary>
    public static string DescribeChoice(Device device, Precision precision, Tf32 tf32) =>
        $"{Describe(device)}, {DescribePrecision(device.type, precision, tf32)}{(cuda_is_available() ? "" : " (no CUDA device here)")}";

    /// <summary>What a run computes in: "float32" on a CPU, which has no TF32; "bfloat16 in the encoder's convolutions, else float32 without TF32" on a GPU.</summary>
    internal static string DescribePrecision(DeviceType type, Precision precision, Tf32 tf32)
    {
        string float32 = type == DeviceType.CUDA ? $"float32 {DescribeTf32(tf32)}" : "float32";
        return precision == Precision.BFloat16 ? $"bfloat16 in the encoder's convolutions, else {float32}" : float32;
    }

    /// <summary>"with TF32 in convolutions", "without TF32".</summary>
    private static string DescribeTf32(Tf32 tf32) => tf32 switch
    {
        Tf32.None => "without TF32",
        Tf32.Products => "with TF32 in convolutions and products",
        _ => "with TF32 in convolutions",
    };

    /// <summary>Says where GPUs may round to TF32 from now on, in all of the process.</summary>
    public static void AllowTf32(Tf32 where)
    {
        backends.cudnn.allow_tf32 = where != Tf32.None;
        backends.cuda.matmul.allow_tf32 = where == Tf32.Products;
    }

    private static bool IsCudaIndex(string name, out int index)
    {
        index = 0;
        return name.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan("cuda:".Length), System.Globalization.NumberStyles.None, null, out index);
    }
}
