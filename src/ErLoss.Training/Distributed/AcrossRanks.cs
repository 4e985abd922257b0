using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Training.Distributed;

/// <summary>What methods exchange besides what the library's loss does. Without a group each call is that of one process.</summary>
internal static class AcrossRanks
{
    /// <summary>The rows of all ranks, without gradient.</summary>
    /// <param name="group">The ranks, if any.</param>
    /// <param name="rows">(k, …): this rank's.</param>
    public static Tensor Gather(ProcessGroup? group, Tensor rows) => group?.AllGather(rows) ?? rows;

    /// <summary>
    /// The mean of the rows of all ranks, in their type. The derivative is that of the own rows' part, so that the gradients of all ranks add up to that of the mean.
    /// </summary>
    /// <param name="group">The ranks, if any.</param>
    /// <param name="rows">(k, …): this rank's.</param>
    /// <param name="count">How many rows all ranks have together.</param>
    public static Tensor Mean(ProcessGroup? group, Tensor rows, long count)
    {
        if (group is null)
        {
            return rows.mean([0]);
        }
        using var scope = NewDisposeScope();
        Tensor part = rows.sum([0]) / count, total = part.detach().to(ScalarType.Float64, copy: true), sum = part.clone();
        group.AllReduce(total);
        sum.detach().copy_(total); // outside the graph
        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>log Σ exp over the rows of all ranks, without gradient.</summary>
    /// <param name="group">The ranks, if any.</param>
    /// <param name="values">(…, k, d): this rank's rows.</param>
    /// <param name="isBounded">Whether it is known that no result is far from zero: then one collective is enough instead of two.</param>
    /// <returns>(…, 1, d).</returns>
    public static Tensor LogSumExp(ProcessGroup? group, Tensor values, bool isBounded)
    {
        using var scope = NewDisposeScope();
        Tensor own = values.logsumexp(-2, keepdim: true);
        if (group is null)
        {
            return own.MoveToOuterDisposeScope();
        }
        Tensor sum = own.to(ScalarType.Float64, copy: true);
        Tensor? largest = null;
        if (!isBounded)
        {
            largest = sum.clone();
            group.AllReduce(largest, ReduceOp.Max);
            sum.sub_(largest);
        }
        sum.exp_();
        group.AllReduce(sum);
        sum.log_();
        return (largest is null ? sum : sum.add_(largest)).to(values.dtype).MoveToOuterDisposeScope();
    }
}
