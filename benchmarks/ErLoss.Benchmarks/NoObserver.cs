using ErTraining.Training;

namespace ErLoss.Benchmarks;

/// <summary>Watches a run without showing it.</summary>
internal sealed class NoObserver : ITrainingObserver
{
    public void OnStart(double knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
    {
    }

    public void OnProgress(TrainingProgress progress)
    {
    }

    public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft)
    {
    }
}
