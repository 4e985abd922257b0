using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Training.Distributed;

/// <summary>Which of a number of things are this rank's: a range. Those of all ranks follow each other in the order of the ranks, and differ in length by one at most.</summary>
/// <param name="Start">The first.</param>
/// <param name="Count">How many.</param>
/// <param name="Total">How many all ranks have together.</param>
internal readonly record struct Share(long Start, long Count, long Total)
{
    /// <summary>The share of a rank.</summary>
    /// <param name="total">How many things there are.</param>
    /// <param name="group">The ranks; null if one process has all.</param>
    public static Share Of(long total, ProcessGroup? group)
    {
        (long rank, long size) = group is null ? (0, 1) : (group.Rank, group.Size);
        long start = total * rank / size;
        return new Share(start, (total * (rank + 1) / size) - start, total);
    }

    /// <summary>Whether it is all of them.</summary>
    public bool IsWhole => Count == Total;

    /// <summary>The own part of a tensor along a dimension; a view.</summary>
    /// <param name="all">Of <see cref="Total"/> along that dimension.</param>
    /// <param name="dimension">Along which the things are.</param>
    public Tensor Part(Tensor all, long dimension = 0) => IsWhole ? all : all.narrow(dimension, Start, Count);
}
