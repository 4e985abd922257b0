using ErLoss.Training.Compute;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>Times the variants of one size in turns, so that what drifts (clocks, temperature, other programs) drifts for all of them.</summary>
internal sealed class Comparison
{
    private const double BytesPerGibibyte = 1L << 30;

    private readonly Device _device;
    private readonly string _deviceName;
    private readonly int _rounds;
    private readonly long? _freeBytes;

    /// <param name="device">Where.</param>
    /// <param name="rounds">Samples of each variant.</param>
    public Comparison(Device device, int rounds)
    {
        _device = device;
        _rounds = rounds;
        _deviceName = BenchmarkDevice.Describe(device);
        using Tensor wakesTheDevice = zeros(1, device: device);
        _freeBytes = BenchmarkDevice.FreeBytes(device);
    }

    /// <summary>All variants at (k, d), in the precision that matrix products have now.</summary>
    /// <param name="precision">Its name.</param>
    /// <param name="k">Rows.</param>
    /// <param name="d">Dimension.</param>
    public IReadOnlyList<Timing> Run(string precision, int k, int d)
    {
        using var workload = new Workload(_device, k, d);
        (Variant Variant, Samples? Samples)[] variants =
            [.. workload.Variants.Select(variant => (variant, Fits(variant) ? new Samples(variant.Run, _device) : null))];
        for (int round = 0; round < _rounds; round++)
        {
            foreach ((_, Samples? samples) in variants)
            {
                samples?.Take();
            }
        }
        return [.. variants.Select(entry => Row(entry.Variant, entry.Samples))];

        Timing Row(Variant variant, Samples? samples)
        {
            var row = new Timing(variant.Name, _deviceName, k, d, precision, null, null, null, _rounds);
            if (samples is null)
            {
                string needed = $"{variant.Buffers} × {variant.BufferBytes / BytesPerGibibyte:f1} GiB";
                return row with { Note = $"skipped: its buffers take about {needed} and {_freeBytes / BytesPerGibibyte:f1} GiB are free" };
            }
            return samples.Quartiles is { } quartiles
                ? row with { MedianMs = quartiles.Median, Q1 = quartiles.First, Q3 = quartiles.Third, Error = Error(variant) }
                : row with { Note = samples.Note };
        }
    }

    /// <summary>Null where it is not known, as for lack of memory.</summary>
    private static double? Error(Variant variant)
    {
        try
        {
            return variant.Error?.Invoke();
        }
        catch (Exception e) when (OutOfMemory.Is(e))
        {
            return null;
        }
    }

    private bool Fits(Variant variant) => _freeBytes is null || variant.Bytes <= _freeBytes;
}
