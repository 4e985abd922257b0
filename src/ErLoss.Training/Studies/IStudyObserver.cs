using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>Who wants to know how a study goes. Called on any thread, one call at a time.</summary>
internal interface IStudyObserver
{
    /// <summary>A cell's process starts.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="run">Reads what it writes.</param>
    void OnCellStart(StudyCell cell, RunReader run);

    /// <summary>A cell is over, or was so before the study was gone on with.</summary>
    void OnCellEnd(CellOutcome outcome, bool wasKept);
}
