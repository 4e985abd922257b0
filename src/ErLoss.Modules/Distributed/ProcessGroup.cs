using static TorchSharp.torch;

namespace ErLoss.Modules.Distributed;

/// <summary>
/// Processes that compute one result together, and the collectives through which they exchange tensors. Every rank must call the same collectives in the same order. In torch's terms it is the
/// process group of all ranks.
/// </summary>
/// <remarks>
/// Collectives record no gradient. Tensors may be on any device; those of a GPU go through the host's memory. Whoever writes a group of his own overrides the protected methods, which get
/// contiguous tensors on the CPU without gradient.
/// </remarks>
public abstract class ProcessGroup
{
    private static readonly ScalarType[] s_reducible = [ScalarType.Float32, ScalarType.Float64, ScalarType.Int64, ScalarType.Byte];

    /// <summary>The number of this rank, from 0 to <see cref="Size"/> − 1.</summary>
    public abstract int Rank { get; }

    /// <summary>How many ranks there are.</summary>
    public abstract int Size { get; }

    /// <summary>The rows of all ranks, one rank's after the other's in the order of the ranks. The ranks may have different numbers of rows, none included.</summary>
    /// <param name="rows">(k, …): this rank's rows, of any type. The other dimensions and the type are the same on every rank.</param>
    /// <returns>(K, …), on the device of <paramref name="rows"/>, without gradient.</returns>
    /// <exception cref="ArgumentException">The tensor has no dimension, or ranks differ in the other dimensions or the type. The message names the ranks.</exception>
    public Tensor AllGather(Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.dim() == 0)
        {
            throw new ArgumentException("The tensor is a scalar; one with rows is wanted, such as a vector.", nameof(rows));
        }
        long[] shape = rows.shape;
        long[][] ofRanks = AllGatherNumbers([shape[0], (long)rows.dtype, rows.dim(), .. Enumerable.Range(1, 3).Select(i => i < shape.Length ? shape[i] : 1), shape.Skip(1).Aggregate(1L, (product, n) => product * n)]);
        string? difference = RankDifference.Of("the type", ofRanks, 1, value => $"{(ScalarType)value}")
            ?? RankDifference.Of("the number of dimensions", ofRanks, 2)
            ?? RankDifference.Of("the second dimension", ofRanks, 3)
            ?? RankDifference.Of("the third dimension", ofRanks, 4)
            ?? RankDifference.Of("the fourth dimension", ofRanks, 5)
            ?? RankDifference.Of("the numbers in a row", ofRanks, 6);
        return difference is null ? AllGatherParts(rows, [.. ofRanks.Select(values => values[0])]) : throw new ArgumentException(difference, nameof(rows));
    }

    /// <summary>Puts what all ranks' tensors give in the place of each: at every place their sum, or the largest or smallest of them.</summary>
    /// <param name="tensor">Of float32, float64, int64 or byte, and of the same shape and type on every rank. It is overwritten.</param>
    /// <param name="operation">What is made of the values.</param>
    /// <exception cref="ArgumentException">A tensor of another type, or one that requires gradient.</exception>
    public void AllReduce(Tensor tensor, ReduceOp operation = ReduceOp.Sum)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Arguments.CheckEnum(operation);
        if (!s_reducible.Contains(tensor.dtype))
        {
            throw new ArgumentException($"The dtype is {tensor.dtype}; float32, float64, int64 or byte is wanted.", nameof(tensor));
        }
        InHostMemory(tensor, host => AllReduceOnHost(host, operation));
    }

    /// <summary>Puts the tensor of one rank in the place of all other ranks'.</summary>
    /// <param name="tensor">Of any type, and of the same shape and type on every rank. It is overwritten except on the root.</param>
    /// <param name="root">The rank whose tensor it is.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such rank.</exception>
    /// <exception cref="ArgumentException">The tensor requires gradient.</exception>
    public void Broadcast(Tensor tensor, int root = 0)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (root < 0 || root >= Size)
        {
            throw new ArgumentOutOfRangeException(nameof(root), $"The root is {root}; a rank from 0 to {Size - 1} is wanted.");
        }
        InHostMemory(tensor, host => BroadcastOnHost(host, root));
    }

    /// <summary>Returns when every rank has called it.</summary>
    public abstract void Barrier();

    /// <summary>The rank and the number of ranks.</summary>
    public override string ToString() => $"{GetType().Name}(rank {Rank} of {Size})";

    /// <summary>Puts the rows of all ranks into <paramref name="all"/>, in the order of the ranks.</summary>
    /// <param name="rows">This rank's rows.</param>
    /// <param name="all">What they are put into; not empty.</param>
    /// <param name="rowCounts">How many rows each rank has.</param>
    protected abstract void AllGatherOnHost(Tensor rows, Tensor all, IReadOnlyList<long> rowCounts);

    /// <summary><see cref="AllReduce"/>.</summary>
    /// <param name="tensor">Not empty, and of one of its types.</param>
    /// <param name="operation">What is made of the values.</param>
    protected abstract void AllReduceOnHost(Tensor tensor, ReduceOp operation);

    /// <summary><see cref="Broadcast"/>.</summary>
    /// <param name="tensor">Not empty.</param>
    /// <param name="root">The rank whose tensor it is.</param>
    protected abstract void BroadcastOnHost(Tensor tensor, int root);

    /// <summary>The rows of all ranks, where it is known how many each has.</summary>
    internal Tensor AllGatherParts(Tensor rows, IReadOnlyList<long> rowCounts)
    {
        using var scope = NewDisposeScope();
        Tensor host = rows.detach().cpu().contiguous(), all = empty([rowCounts.Sum(), .. rows.shape[1..]], dtype: rows.dtype, device: CPU);
        if (all.numel() > 0)
        {
            AllGatherOnHost(host, all, rowCounts);
        }
        return all.to(rows.device).MoveToOuterDisposeScope();
    }

    /// <summary>The numbers of each rank, of which all have the same count.</summary>
    internal long[][] AllGatherNumbers(long[] numbers)
    {
        using var scope = NewDisposeScope();
        Tensor all = AllGatherParts(tensor(numbers, dtype: ScalarType.Int64, device: CPU).unsqueeze(0), [.. Enumerable.Repeat(1L, Size)]);
        return [.. all.data<long>().ToArray().Chunk(numbers.Length)];
    }

    private static void InHostMemory(Tensor tensor, Action<Tensor> collective)
    {
        if (tensor.requires_grad)
        {
            throw new ArgumentException("The tensor requires gradient, and a collective would overwrite it; its detach() is wanted.", nameof(tensor));
        }
        if (tensor.numel() == 0)
        {
            return;
        }
        using var scope = NewDisposeScope();
        Tensor host = tensor.cpu().contiguous();
        collective(host);
        if (!ReferenceEquals(host, tensor))
        {
            tensor.copy_(host); // into itself where they have one memory, which changes nothing
        }
    }
}
