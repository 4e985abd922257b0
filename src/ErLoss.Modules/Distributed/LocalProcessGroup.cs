using static TorchSharp.torch;

namespace ErLoss.Modules.Distributed;

/// <summary>Ranks that are threads of this process: for tests, notebooks and a first look at what several processes compute.</summary>
/// <example>
/// <code>
/// double[] losses = [.. LocalProcessGroup.Run(2, group =&gt;
/// {
///     using var scope = torch.NewDisposeScope();
///     var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Group = group });
///     return loss.call(torch.randn(group.Rank + 3, 8), torch.randn(group.Rank + 3, 8)).ToDouble();
/// })]; // twice the same number: that of the batch of seven
/// </code>
/// </example>
public sealed class LocalProcessGroup : ProcessGroup
{
    private readonly LocalExchange _exchange;

    private LocalProcessGroup(LocalExchange exchange, int rank)
    {
        _exchange = exchange;
        Rank = rank;
    }

    /// <inheritdoc/>
    public override int Rank { get; }

    /// <inheritdoc/>
    public override int Size => _exchange.Size;

    /// <summary>Runs a function once on each rank, in a thread of its own, and returns when all have ended.</summary>
    /// <param name="size">How many ranks; at least one.</param>
    /// <param name="body">What each rank does. It gets the group as the rank sees it.</param>
    /// <returns>What each rank returned.</returns>
    /// <remarks>
    /// A rank that throws, or that ends while others wait for it in a collective, makes the others throw an <see cref="InvalidOperationException"/> from their collectives. The exception of the rank
    /// that failed first is thrown here.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is below one.</exception>
    public static IReadOnlyList<T> Run<T>(int size, Func<ProcessGroup, T> body)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentNullException.ThrowIfNull(body);
        var exchange = new LocalExchange(size);
        var results = new T[size];
        Thread[] threads = [.. Enumerable.Range(0, size).Select(rank => new Thread(() => RunRank(rank)) { IsBackground = true, Name = $"rank {rank}" })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        exchange.ThrowFailure();
        return results;

        void RunRank(int rank)
        {
            try
            {
                results[rank] = body(new LocalProcessGroup(exchange, rank));
                exchange.Leave(rank);
            }
            catch (Exception exception) // whatever it is, it is thrown again by the thread that waits for this one
            {
                exchange.Fail(rank, exception);
            }
        }
    }

    /// <summary>The same of a function that returns nothing.</summary>
    /// <param name="size">How many ranks; at least one.</param>
    /// <param name="body">What each rank does.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is below one.</exception>
    public static void Run(int size, Action<ProcessGroup> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Run<object?>(size, group =>
        {
            body(group);
            return null;
        });
    }

    /// <inheritdoc/>
    public override void Barrier() => _exchange.Meet(Rank, nameof(Barrier), null, _ => { });

    /// <inheritdoc/>
    protected override void AllGatherOnHost(Tensor rows, Tensor all, IReadOnlyList<long> rowCounts) =>
        _exchange.Meet(Rank, $"{nameof(AllGather)} of {all.dtype} [{string.Join(", ", all.shape)}]", rows, tensors => all.copy_(cat([.. tensors.Select(tensor => tensor!)])));

    /// <inheritdoc/>
    protected override void AllReduceOnHost(Tensor tensor, ReduceOp operation)
    {
        Tensor? result = null;
        // No rank may overwrite its tensor before all have read it.
        _exchange.Meet(Rank, $"{nameof(AllReduce)} {operation} of {tensor.dtype} [{string.Join(", ", tensor.shape)}]", tensor, tensors => result = tensors.Select(other => other!).Aggregate((left, right) => operation switch
        {
            ReduceOp.Sum => left + right,
            ReduceOp.Max => maximum(left, right),
            _ => minimum(left, right),
        }));
        tensor.copy_(result!);
    }

    /// <inheritdoc/>
    protected override void BroadcastOnHost(Tensor tensor, int root) =>
        _exchange.Meet(Rank, $"{nameof(Broadcast)} from {root} of {tensor.dtype} [{string.Join(", ", tensor.shape)}]", tensor, tensors =>
        {
            if (Rank != root)
            {
                tensor.copy_(tensors[root]!);
            }
        });
}
