using ErLoss.Modules.Distributed;

namespace ErLoss.Training.Distributed;

/// <summary>A cancellation that all ranks heed at the same place: a rank that stopped on its own would leave the others waiting for it in a collective.</summary>
internal static class RankCancellation
{
    /// <summary>Does a rank's part of some work, in which there is no collective. If any rank is cancelled by the end of its part, all are.</summary>
    /// <param name="group">The ranks; null if there is one process.</param>
    /// <param name="work">The part.</param>
    /// <param name="cancellation">This rank's. The work may heed it.</param>
    /// <exception cref="OperationCanceledException">A rank is cancelled.</exception>
    public static T Together<T>(ProcessGroup? group, Func<T> work, CancellationToken cancellation)
    {
        if (group is null)
        {
            return work();
        }
        T result = default!;
        bool isCancelled = false;
        try
        {
            result = work();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            isCancelled = true;
        }
        return group.Any(isCancelled || cancellation.IsCancellationRequested) ? throw new OperationCanceledException(cancellation) : result;
    }

    /// <summary>Throws on all ranks if any is cancelled.</summary>
    /// <inheritdoc cref="Together" path="/param[@name='group' or @name='cancellation']|/exception"/>
    public static void ThrowIfAny(ProcessGroup? group, CancellationToken cancellation)
    {
        if (group?.Any(cancellation.IsCancellationRequested) ?? cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
    }
}
