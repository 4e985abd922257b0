using ErLoss.Training.Compute;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Training.Studies;

/// <summary>How many cells of a study are trained at once where nobody says.</summary>
internal static class DefaultParallelism
{
    /// <summary>
    /// On a GPU. One run leaves it idle while the host prepares the next step: on an H100 three runs of a ResNet-18 in bfloat16 at batch 512 trained 22,300
    /// images/s in all, where one trained 17,300.
    /// </summary>
    public const int OnGpu = 3;

    /// <summary>What a cell on a GPU is taken to need: a ResNet-18 in float32 at batch 512.</summary>
    private const long BytesPerCellOnGpu = 8L << 30;

    /// <summary>What a cell on the CPU is taken to need: a ResNet-18 at batch 256 has a few gigabytes.</summary>
    private const long BytesPerCell = 4L << 30;

    /// <summary>The number for a device of this machine.</summary>
    /// <param name="device">Where the cells compute.</param>
    /// <param name="threads">Threads of a cell, if they are given.</param>
    public static int For(Device device, int? threads) =>
        device.type == DeviceType.CUDA ? OnGpuWith(DeviceMemory.Read(device.index)?.Free) : OnCpu(Environment.ProcessorCount, threads, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>On a GPU.</summary>
    /// <param name="free">Bytes free there; null where nobody says.</param>
    internal static int OnGpuWith(long? free) => (int)Math.Clamp(free / BytesPerCellOnGpu ?? OnGpu, 1, OnGpu);

    /// <summary>
    /// On a CPU. Cells of one thread do not wait for other threads: on two cores two of them train 1.4 (float32) to 1.6 (bfloat16) times as many images in all as one cell
    /// of two threads.
    /// </summary>
    /// <param name="processors">Of the machine.</param>
    /// <param name="threads">Threads of a cell, if they are given.</param>
    /// <param name="memory">Bytes of the machine.</param>
    internal static int OnCpu(int processors, int? threads, long memory) =>
        (int)Math.Clamp(Math.Min(processors / (threads ?? 1), memory / BytesPerCell), 1, 64);
}
