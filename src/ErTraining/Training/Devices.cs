using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Training;

/// <summary>Devices by the names the command line knows them by.</summary>
internal static class Devices
{
    /// <summary>The device that "auto", "cpu", "cuda" or "cuda:N" names; null where there is no such device on this machine.</summary>
    public static Device? Find(string name) => name switch
    {
        "cpu" => CPU,
        "auto" => Find("cuda") ?? CPU,
        "cuda" => Find("cuda:0"),
        _ when IsCudaIndex(name, out int index) => cuda_is_available() && index < cuda.device_count() ? device(DeviceType.CUDA, index) : null,
        _ => throw new ArgumentException($"'{name}' is no device name.", nameof(name)),
    };

    /// <summary>Whether a name is one that <see cref="Find"/> understands.</summary>
    public static bool IsName(string name) => name is "auto" or "cpu" or "cuda" || IsCudaIndex(name, out _);

    /// <summary>A device and the threads of CPU kernels, to be shown: "cpu, 2 threads".</summary>
    public static string Describe(Device device) => $"{device}, {get_num_threads()} {(get_num_threads() == 1 ? "thread" : "threads")}";

    /// <summary>As <see cref="Describe"/>, and why it is no GPU where there is none.</summary>
    public static string DescribeChoice(Device device) => Describe(device) + (cuda_is_available() ? "" : " (no CUDA device here)");

    /// <summary>Whether GPUs may round the factors of float32 products and convolutions to TF32; PyTorch's default allows it in convolutions.</summary>
    public static void AllowTf32(bool allow)
    {
        backends.cuda.matmul.allow_tf32 = allow;
        backends.cudnn.allow_tf32 = allow;
    }

    private static bool IsCudaIndex(string name, out int index)
    {
        index = 0;
        return name.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan("cuda:".Length), System.Globalization.NumberStyles.None, null, out index);
    }
}
