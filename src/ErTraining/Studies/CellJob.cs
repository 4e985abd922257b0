using ErTraining.Training;

namespace ErTraining.Studies;

/// <summary>A cell and how to train it.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Arguments">The command line of its process, without <c>--output</c>.</param>
/// <param name="Settings">What that command line means: what its config.json will hold, but for what the machine adds.</param>
internal sealed record CellJob(StudyCell Cell, IReadOnlyList<string> Arguments, TrainingSettings Settings);
