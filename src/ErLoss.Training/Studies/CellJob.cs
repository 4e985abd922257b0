namespace ErLoss.Training.Studies;

/// <summary>A cell and how to train it.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Settings">Its document.</param>
internal sealed record CellJob(StudyCell Cell, RunSettings Settings);
