using ErTraining.Training;

namespace ErTraining.Reporting;

/// <summary>Remembers a run's epochs and passes on what happens.</summary>
/// <param name="next">Who is told after this.</param>
internal sealed class TrainingHistory(ITrainingObserver next) : ITrainingObserver
{
    private readonly List<EpochMetrics> _epochs = [];

    /// <summary>Raised after an epoch, before anybody else is told.</summary>
    public event Action<EpochMetrics>? EpochDone;

    /// <summary>The epochs so far.</summary>
    public IReadOnlyList<EpochMetrics> Epochs => _epochs;

    /// <inheritdoc/>
    public void OnStart(double knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
    {
        _epochs.AddRange(epochsDone);
        next.OnStart(knnAccuracyBefore, epochsDone, stepsDone);
    }

    /// <inheritdoc/>
    public void OnProgress(TrainingProgress progress) => next.OnProgress(progress);

    /// <inheritdoc/>
    public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft)
    {
        _epochs.Add(metrics);
        EpochDone?.Invoke(metrics);
        next.OnEpoch(metrics, timeLeft);
    }
}
