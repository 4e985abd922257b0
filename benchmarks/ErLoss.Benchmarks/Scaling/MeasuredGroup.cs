using System.Diagnostics;
using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>Another group, with its collectives counted and timed. The time of a collective includes waiting for the ranks that come later.</summary>
/// <param name="inner">Who exchanges.</param>
internal sealed class MeasuredGroup(ProcessGroup inner) : ProcessGroup
{
    /// <inheritdoc/>
    public override int Rank => inner.Rank;

    /// <inheritdoc/>
    public override int Size => inner.Size;

    /// <summary>Whether all ranks meet before each collective, outside the time that is taken, so that no rank waits for another within it.</summary>
    public bool MeetsFirst { get; set; }

    /// <summary>What there was since <see cref="Reset"/>.</summary>
    public CollectiveCounts Counts { get; private set; }

    /// <summary>Begins counting anew.</summary>
    public void Reset() => Counts = default;

    /// <inheritdoc/>
    public override void Barrier() => Measure(0, inner.Barrier);

    /// <inheritdoc/>
    protected override void AllGatherOnHost(Tensor rows, Tensor all, IReadOnlyList<long> rowCounts) => Measure(BytesOf(all), () =>
    {
        using Tensor gathered = inner.AllGatherParts(rows, rowCounts);
        all.copy_(gathered);
    });

    /// <inheritdoc/>
    protected override void AllReduceOnHost(Tensor tensor, ReduceOp operation) => Measure(BytesOf(tensor), () => inner.AllReduce(tensor, operation));

    /// <inheritdoc/>
    protected override void BroadcastOnHost(Tensor tensor, int root) => Measure(BytesOf(tensor), () => inner.Broadcast(tensor, root));

    private static long BytesOf(Tensor tensor) => tensor.numel() * tensor.element_size();

    private void Measure(long bytes, Action collective)
    {
        if (MeetsFirst)
        {
            inner.Barrier();
        }
        long start = Stopwatch.GetTimestamp();
        collective();
        Counts = new CollectiveCounts(Counts.Calls + 1, Counts.Bytes + bytes, Counts.Seconds + Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
