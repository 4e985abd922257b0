using ErLoss.Modules;
using ErLoss.Training.Compute;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>What the fused form takes of a GPU's memory, as the driver has it.</summary>
internal static class MemoryChecks
{
    private const double BytesPerGibibyte = 1L << 30;

    /// <summary>All of them.</summary>
    public static IEnumerable<Check> All { get; } =
    [
        new Check("the driver sees a tensor of 512 MiB", ATensorIsSeen, NeedsCuda: true),
        new Check("memory of 131,072 rows", ManyRows, NeedsCuda: true),
    ];

    private static IEnumerable<Finding> ATensorIsSeen(Device device)
    {
        const long Bytes = 512L << 20;
        using Tensor wakesTheDevice = zeros(1, device: device);
        (long free, long total) = DeviceMemory.Read(device.index)!.Value;
        using Tensor large = empty(Bytes, dtype: ScalarType.Byte, device: device);
        yield return Finding.That("it is free no more", free - DeviceMemory.Read(device.index)!.Value.Free >= Bytes);
        yield return Finding.That("less is free than there is", free < total);
        yield return Finding.That("the device has a name", !string.IsNullOrEmpty(DeviceMemory.Name(device.index)));
    }

    private static IEnumerable<Finding> ManyRows(Device device)
    {
        Tensor rows = nn.functional.normalize(randn(131_072, 128), dim: 1).to(device).requires_grad_();
        long before = DeviceMemory.Read(device.index)!.Value.Free;
        Tensor entropy = EntropyReconstruction.entropy(rows, evaluation: KernelEvaluation.Fused, normalizeInputs: false);
        entropy.backward();
        yield return Finding.That("the entropy is a finite number", double.IsFinite(entropy.ToDouble()));
        yield return new Finding("GiB taken", (before - DeviceMemory.Read(device.index)!.Value.Free) / BytesPerGibibyte, 4);
    }
}
