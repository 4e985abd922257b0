using ErTraining.CommandLine;

namespace ErTraining.Ranks;

/// <summary>An error of one rank or of several, which all ranks know of and end with.</summary>
/// <param name="line">What rank 0 prints.</param>
internal sealed class RanksFailedException(ErrorLine line) : Exception(line.Text)
{
    /// <summary>What rank 0 prints, and how all ranks end.</summary>
    public ErrorLine Line => line;
}
