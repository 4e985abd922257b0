using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>The device benchmarks run on: what <c>--device</c> says, handed on in the environment.</summary>
internal static class BenchmarkDevice
{
    public const string Variable = "ERLOSS_BENCHMARK_DEVICE";

    public static Device Current { get; } = device(Environment.GetEnvironmentVariable(Variable) ?? "cpu");

    /// <summary>Waits until a GPU has done what it was told; a CPU always has.</summary>
    public static void Synchronize()
    {
        if (Current.type == DeviceType.CUDA)
        {
            cuda.synchronize();
        }
    }
}
