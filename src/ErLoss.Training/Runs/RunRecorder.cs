using ErLoss.Training.Checkpoints;
using ErLoss.Training.Methods;

namespace ErLoss.Training.Runs;

/// <summary>Writes metrics and weights of a run into its folder after each epoch.</summary>
/// <param name="folder">The run's.</param>
/// <param name="method">What is trained.</param>
internal sealed class RunRecorder(RunWriter folder, TwoViewMethod method) : ITrainingObserver
{
    private readonly List<EpochMetrics> _epochs = [];

    /// <inheritdoc/>
    public void OnStart(double? knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
    {
        _epochs.AddRange(epochsDone);
        folder.WriteMetrics(_epochs);
    }

    /// <inheritdoc/>
    public void OnProgress(TrainingProgress progress)
    {
    }

    /// <inheritdoc/>
    public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft)
    {
        _epochs.Add(metrics);
        folder.WriteMetrics(_epochs);
        ModelWeights.Save(folder.Run.CheckpointPath, method);
    }
}
