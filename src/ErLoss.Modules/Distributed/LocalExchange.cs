using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace ErLoss.Modules.Distributed;

/// <summary>Where the threads of a <see cref="LocalProcessGroup"/> meet: each lays a tensor down, reads the others', and waits until all have read.</summary>
internal sealed class LocalExchange(int size)
{
    private readonly object _gate = new();
    private readonly (string Call, Tensor? Tensor)[] _given = new (string, Tensor?)[size];
    private readonly List<int> _ended = [];
    private int _arrived;
    private long _meeting;
    private string? _failure;
    private Exception? _cause;

    public int Size => size;

    /// <summary>One collective.</summary>
    /// <param name="rank">That calls it.</param>
    /// <param name="call">What it calls; the same on all ranks.</param>
    /// <param name="tensor">What it gives the others.</param>
    /// <param name="read">What it does with those of all ranks.</param>
    public void Meet(int rank, string call, Tensor? tensor, Action<IReadOnlyList<Tensor?>> read)
    {
        _given[rank] = (call, tensor);
        Wait();
        IGrouping<string, int>[] calls = [.. Enumerable.Range(0, size).GroupBy(other => _given[other].Call)];
        if (calls.Length == 1)
        {
            read([.. _given.Select(given => given.Tensor)]);
        }
        Wait(); // also where they differ: a rank that goes on must not lay down its next tensor before the others have seen this call
        if (calls.Length > 1)
        {
            throw new InvalidOperationException(
                $"The ranks call different collectives: {string.Join(", ", calls.Select(group => $"{group.Key} on {RankDifference.Names([.. group])}"))}. All ranks must call the same.");
        }
    }

    /// <summary>A rank has returned.</summary>
    public void Leave(int rank)
    {
        lock (_gate)
        {
            _ended.Add(rank);
            if (_arrived > 0)
            {
                Break(rank);
            }
        }
    }

    /// <summary>A rank has thrown.</summary>
    public void Fail(int rank, Exception exception)
    {
        lock (_gate)
        {
            if (_cause is null && (_failure is null || exception is not InvalidOperationException))
            {
                _cause = exception;
            }
            _failure ??= $"Rank {rank} has failed, so that the others cannot go on: {exception.Message}";
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Throws what the first rank that failed threw, if any did.</summary>
    public void ThrowFailure()
    {
        if (_cause is not null)
        {
            ExceptionDispatchInfo.Capture(_cause).Throw();
        }
        if (_failure is not null)
        {
            throw new InvalidOperationException(_failure);
        }
    }

    private void Wait()
    {
        lock (_gate)
        {
            if (_failure is null && _ended.Count > 0)
            {
                Break(_ended[0]);
            }
            if (_failure is null && ++_arrived == size)
            {
                _arrived = 0;
                _meeting++;
                Monitor.PulseAll(_gate);
                return;
            }
            for (long meeting = _meeting; _failure is null && _meeting == meeting;)
            {
                Monitor.Wait(_gate);
                if (_meeting != meeting)
                {
                    return; // all had come before anything failed
                }
            }
            throw new InvalidOperationException(_failure);
        }
    }

    private void Break(int rank)
    {
        _failure ??= $"Rank {rank} has ended while others wait for it in a collective. All ranks must call the same collectives.";
        Monitor.PulseAll(_gate);
    }
}
