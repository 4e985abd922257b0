using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The rows of all ranks, as centres for those of this rank.</summary>
/// <param name="Batch">Which of them are this rank's.</param>
/// <param name="Rows">(K, d), without gradient.</param>
/// <param name="Weights">What all of them weigh.</param>
internal sealed record GatheredRows(GlobalBatch Batch, Tensor Rows, KernelWeights Weights)
{
    /// <summary>Parts of the batch, as their first place and their number of rows: those before and after the own rows, or the whole.</summary>
    /// <param name="withOwn">Whether the own rows are to be in.</param>
    public IEnumerable<(long Start, long Count)> Parts(bool withOwn)
    {
        long end = Batch.OwnStart + Batch.OwnRows;
        (long, long)[] parts = withOwn ? [(0, Batch.Rows)] : [(0, Batch.OwnStart), (end, Batch.Rows - end)];
        return parts.Where(part => part.Item2 > 0);
    }

    /// <summary>The kernels of the own rows against a part of the batch.</summary>
    /// <param name="own">This rank's rows, (k, d).</param>
    /// <param name="part">Of <see cref="Parts"/>.</param>
    /// <param name="settings">κ, and how kernels are computed.</param>
    /// <param name="forGradient">Whether a gradient will be asked for.</param>
    public RemoteKernels Kernels(Tensor own, (long Start, long Count) part, KernelSettings settings, bool forGradient)
    {
        var weights = new RemoteWeights(Of(Weights.Rows), In(Weights.Rows), Of(Weights.Ids), In(Weights.Ids), part.Count == Batch.Rows ? Batch.OwnStart : null);
        return new RemoteKernels(own, In(Rows)!, weights, settings, forGradient);

        Tensor? Of(Tensor? all) => all is null ? null : Batch.Own(all);

        Tensor? In(Tensor? all) => all?.narrow(0, part.Start, part.Count);
    }
}
