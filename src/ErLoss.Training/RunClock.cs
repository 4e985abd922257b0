using System.Diagnostics;

namespace ErLoss.Training;

/// <summary>The time a run has taken, over all the processes it took.</summary>
/// <param name="elapsedBefore">In all, before this process.</param>
/// <param name="trainingBefore">Thereof in training.</param>
internal sealed class RunClock(TimeSpan elapsedBefore, TimeSpan trainingBefore)
{
    private readonly Stopwatch _elapsed = Stopwatch.StartNew(), _training = new();

    /// <summary>Evaluation and all else included.</summary>
    public TimeSpan Elapsed => elapsedBefore + _elapsed.Elapsed;

    /// <summary>Time in training alone.</summary>
    public TimeSpan Training => trainingBefore + _training.Elapsed;

    /// <summary>Training goes on.</summary>
    public void StartTraining() => _training.Start();

    /// <summary>Something else begins.</summary>
    public void StopTraining() => _training.Stop();
}
