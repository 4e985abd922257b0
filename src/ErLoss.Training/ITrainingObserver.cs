namespace ErLoss.Training;

/// <summary>Where a run stands within an epoch.</summary>
/// <param name="Epoch">Counted from one.</param>
/// <param name="Step">Steps done in this epoch.</param>
/// <param name="StepsPerEpoch">Steps an epoch has.</param>
/// <param name="SoFar">Metrics averaged over the epoch's steps so far.</param>
/// <param name="TimeLeft">Time that the rest of the training will take, at the pace so far.</param>
internal sealed record TrainingProgress(int Epoch, int Step, int StepsPerEpoch, EpochMetrics SoFar, TimeSpan TimeLeft);

/// <summary>Who wants to know how a run goes. Called on the training thread.</summary>
internal interface ITrainingObserver
{
    /// <summary>Training begins, or goes on with a run that was taken up.</summary>
    /// <param name="knnAccuracyBefore">Of the encoder before training; null where no accuracy can be measured.</param>
    /// <param name="epochsDone">The epochs that are over.</param>
    /// <param name="stepsDone">Steps done of the epoch after them.</param>
    void OnStart(double? knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone);

    /// <summary>Some steps have been made; called a few times a second.</summary>
    void OnProgress(TrainingProgress progress);

    /// <summary>The encoder is being evaluated: the untrained one before <see cref="OnStart"/>, else after the steps of an epoch.</summary>
    /// <param name="done">The share of the images whose features are computed, from 0 to 1.</param>
    void OnEvaluating(double done)
    {
    }

    /// <summary>An epoch is over.</summary>
    void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft);
}
