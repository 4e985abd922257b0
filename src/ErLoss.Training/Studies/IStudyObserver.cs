using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>Who wants to know how a study goes. Called on any thread, one call at a time.</summary>
internal interface IStudyObserver
{
    /// <summary>A cell's process starts.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="run">Reads what it writes.</param>
    void OnCellStart(StudyCell cell, RunReader run);

    /// <summary>Another process that works on the study has a cell.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="run">Reads what is written of it; null if nothing is yet.</param>
    /// <param name="host">The machine of the process; null if it is not known.</param>
    void OnCellElsewhere(StudyCell cell, RunReader? run, string? host);

    /// <summary>Nobody has a cell any more that is not finished: its process is over, or another process has taken it from this one, which was taken to be over.</summary>
    void OnCellFree(StudyCell cell);

    /// <summary>A cell is over, or was so before the study was gone on with.</summary>
    void OnCellEnd(CellOutcome outcome, bool wasKept);
}
