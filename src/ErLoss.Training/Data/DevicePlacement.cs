using ErLoss.Training.Compute;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Training.Data;

/// <summary>Decides where the pixels of a set are: in memory or in a file, and whether all of them are on the device.</summary>
internal static class DevicePlacement
{
    /// <summary>A set in memory lies there as an array and, on a CPU, once more as a tensor. With a quarter of the free memory for the array, half of it is left to compute in.</summary>
    private const int ShareOfHost = 4;

    /// <summary>Half of a GPU's free memory is left to compute in.</summary>
    private const int ShareOfGpu = 2;

    /// <summary>Whether decoded images are held in memory: each part must fit in an array, and all of them in the memory that is free.</summary>
    /// <param name="parts">Bytes of each part.</param>
    /// <param name="free">Bytes of memory that are free; null if that is not known.</param>
    public static bool FitsInMemory(IReadOnlyCollection<long> parts, long? free) =>
        parts.All(bytes => bytes <= Array.MaxLength) && !(parts.Sum() > free / ShareOfHost);

    /// <summary>Whether all pixels of a set are to be on a device.</summary>
    public static bool FitsOn(Device device, PixelSource source) => device.type == DeviceType.CUDA
        ? !(source.Length > DeviceMemory.Read(device.index)?.Free / ShareOfGpu)
        : source is PixelArray;
}
