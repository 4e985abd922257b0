namespace ErLoss.Training.Studies;

/// <summary>The right of this process to train a cell.</summary>
/// <param name="Cell">The cell's name.</param>
/// <param name="Number">Which claim on the cell it is. Each claim that follows another has the next number.</param>
internal sealed record CellClaim(string Cell, int Number);

/// <summary>Whether a cell that is not finished can be claimed.</summary>
/// <param name="IsFree">It can.</param>
/// <param name="Host">The machine of the process that has it; null if it is free, has failed, or nobody says.</param>
/// <param name="Failure">Why it failed since the first of the processes at work began; null if it did not.</param>
internal sealed record CellStanding(bool IsFree, string? Host, string? Failure)
{
    /// <summary>It can be claimed.</summary>
    public static readonly CellStanding Free = new(true, null, null);

    /// <summary>Another process has it.</summary>
    public static CellStanding Elsewhere(string? host) => new(false, host, null);

    /// <summary>It is not to be tried again for now.</summary>
    public static CellStanding Failed(string message) => new(false, null, message);
}
