using System.Collections.ObjectModel;

namespace ErLoss.Training;

/// <summary>Those who are told how a run goes, in the order in which they were added.</summary>
internal sealed class TrainingObservers : Collection<ITrainingObserver>, IProgress<double>
{
    /// <summary>Tells each of them.</summary>
    public void Tell(Action<ITrainingObserver> what)
    {
        foreach (ITrainingObserver observer in this)
        {
            what(observer);
        }
    }

    /// <summary>Tells them which share of an evaluation is done, from 0 to 1.</summary>
    public void Report(double value) => Tell(observer => observer.OnEvaluating(value));
}
