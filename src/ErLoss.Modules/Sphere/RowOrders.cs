using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// Small tensors of indices on a device, which put the rows of a batch in both orders by one operator. The latest of each device is kept, because batches are of one size as a rule and a GPU's host would
/// wait for a copy.
/// </summary>
internal static class RowOrders
{
    private static readonly ConcurrentDictionary<(DeviceType, int), Latest> s_latest = new();

    /// <summary>0, 1, … k − 1 and zeros up to a length, and after them k − 1, … 1, 0 and zeros up to that length: int64. It stays the keeper's.</summary>
    /// <param name="count">k, at least 1.</param>
    /// <param name="length">At least k.</param>
    /// <param name="device">Where.</param>
    public static Tensor Of(long count, long length, Device device)
    {
        if (s_latest.TryGetValue((device.type, device.index), out Latest? latest) && latest.Count == count && latest.Length == length)
        {
            return latest.Places;
        }
        long[] places = new long[2 * length];
        for (long i = 0; i < count; i++)
        {
            places[i] = i;
            places[length + i] = count - 1 - i;
        }
        using IDisposable mode = inference_mode(false); // or it would be of no use outside the mode
        // Another thread may still use the one before, which is freed when nobody has it any more.
        latest = new Latest(count, length, tensor(places, device: device).DetachFromDisposeScope());
        s_latest[(device.type, device.index)] = latest;
        return latest.Places;
    }

    private sealed record Latest(long Count, long Length, Tensor Places);
}
