using ErTraining.CommandLine;

namespace ErTraining.Ranks;

/// <summary>This process cannot join the others that were started with it.</summary>
/// <param name="message">Why; what to do.</param>
/// <param name="isOfAll">Whether the others cannot either: the MPI library is there, but does not belong to the launcher.</param>
internal sealed class NoRanksException(string message, bool isOfAll) : UsageException(message)
{
    /// <summary>Whether the others cannot either.</summary>
    public bool IsOfAll => isOfAll;
}
