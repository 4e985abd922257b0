namespace ErLoss.Training.Studies;

/// <summary>Who wants to know how a study goes. Called on any thread, one call at a time.</summary>
internal interface IStudyObserver
{
    /// <summary>A cell's process starts.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="runPath">The folder it writes to.</param>
    void OnCellStart(StudyCell cell, string runPath);

    /// <summary>A cell is over, or was so before the study was gone on with.</summary>
    void OnCellEnd(CellOutcome outcome, bool wasKept);
}
