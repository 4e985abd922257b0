using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Training.Compute;

/// <summary>How much of a GPU's memory a run takes at its peak; see <see cref="DeviceMemory"/> for what that counts.</summary>
/// <param name="device">Where the run is to be; nothing of it is there yet.</param>
internal sealed class DeviceMemoryUse(Device device)
{
    private readonly (long Free, long Total)? _before = Read(device);

    /// <summary>A sentence about the peak since this was made; null on the CPU.</summary>
    public string? Describe()
    {
        if (device.type != DeviceType.CUDA)
        {
            return null;
        }
        return Describe(_before, Read(device));
    }

    /// <summary>The sentence.</summary>
    /// <param name="before">The driver's figures before.</param>
    /// <param name="after">The driver's figures now.</param>
    internal static string Describe((long Free, long Total)? before, (long Free, long Total)? after)
    {
        const double Gibibyte = 1L << 30;
        return before is { } then && after is { } now
            ? $"Peak GPU memory {(then.Free - now.Free) / Gibibyte:f2} of {now.Total / Gibibyte:f1} GiB."
            : "The driver does not tell the GPU's memory.";
    }

    private static (long Free, long Total)? Read(Device device)
    {
        if (device.type != DeviceType.CUDA)
        {
            return null;
        }
        using Tensor wakesTheDevice = zeros(1, device: device); // whose context is not the run's doing
        return DeviceMemory.Read(device.index);
    }
}
