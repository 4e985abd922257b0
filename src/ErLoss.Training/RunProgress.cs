using ErLoss.SelfSupervised.IO;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>How far a run has come: the epochs that are over, the sums of the one under way, and the time it all took.</summary>
/// <param name="step">What the run repeats.</param>
/// <param name="batchSize">Images a step.</param>
/// <param name="device">Where the sums are.</param>
internal sealed class RunProgress(TrainingStep step, int batchSize, Device device) : IDisposable
{
    private readonly List<EpochMetrics> _epochs = [];
    private RunClock _clock = new(TimeSpan.Zero, TimeSpan.Zero);
    private TimeSpan _epochBegan;

    /// <summary>kNN accuracy of the encoder before training, once it is known; never where no accuracy can be measured.</summary>
    public double? KnnAccuracyBefore { get; set; }

    /// <summary>Accuracy of a linear probe on the encoder before training, once it is known; never where none was asked for.</summary>
    public double? LinearProbeAccuracyBefore { get; set; }

    /// <summary>View retrieval before training, once it is known.</summary>
    public double? ViewRetrievalBefore { get; set; }

    /// <summary>Metrics of the epochs that are over.</summary>
    public IReadOnlyList<EpochMetrics> Epochs => _epochs;

    /// <summary>Sums of the epoch under way.</summary>
    public MetricSums Sums { get; private set; } = new(device);

    /// <summary>Runs while steps are taken.</summary>
    public RunClock Clock => _clock;

    /// <summary>Steps done, of all epochs.</summary>
    public long StepsDone => (long)_epochs.Count * step.StepsPerEpoch + Sums.Steps;

    /// <summary>What the rest of the training will take, at the pace so far.</summary>
    public TimeSpan TimeLeft => _clock.Training * ((double)(step.Steps - StepsDone) / StepsDone);

    /// <summary>Goes on from where a run was.</summary>
    /// <exception cref="DataException">It was at no place of a run of so many epochs.</exception>
    public void Restore(RunPosition position, int epochs)
    {
        long steps = position.StepsDone - (long)position.Epochs.Count * step.StepsPerEpoch;
        if (position.Epochs.Count > epochs || steps < 0 || steps > step.StepsPerEpoch)
        {
            throw new DataException($"The checkpoint was made after epoch {position.Epochs.Count} and {position.StepsDone} steps, which is no place in this run.");
        }
        KnnAccuracyBefore = position.KnnAccuracyBefore;
        LinearProbeAccuracyBefore = position.LinearProbeAccuracyBefore;
        ViewRetrievalBefore = position.ViewRetrievalBefore;
        _epochs.AddRange(position.Epochs);
        Sums.Dispose();
        Sums = new MetricSums(device, position.MetricSums, (int)steps);
        _clock = new RunClock(position.Elapsed, position.Training);
        _epochBegan = position.Training - position.EpochTraining;
    }

    /// <summary>Adds an epoch that is over, and starts the sums of the next.</summary>
    public void EndEpoch(EpochMetrics metrics)
    {
        _epochs.Add(metrics);
        Sums.Dispose();
        Sums = new MetricSums(device);
        _epochBegan = _clock.Training;
    }

    /// <summary>Means over the steps of the epoch under way.</summary>
    /// <exception cref="TrainingFailedException">A step's loss was no finite number.</exception>
    public EpochMetrics Metrics()
    {
        double[] means = [.. FiniteSums().Select(sum => sum / Sums.Steps)];
        double imagesPerSecond = Sums.Steps * batchSize / (_clock.Training - _epochBegan).TotalSeconds;
        return new EpochMetrics(_epochs.Count + 1, means[0], means[1], means[2], means[3], step.Schedule.LearningRateAt(StepsDone - 1), imagesPerSecond);
    }

    /// <summary>The place of the run, to be kept.</summary>
    /// <exception cref="TrainingFailedException">A step's loss was no finite number.</exception>
    public RunPosition Position() => new()
    {
        KnnAccuracyBefore = KnnAccuracyBefore,
        LinearProbeAccuracyBefore = LinearProbeAccuracyBefore,
        ViewRetrievalBefore = ViewRetrievalBefore,
        Epochs = [.. _epochs],
        StepsDone = StepsDone,
        MetricSums = FiniteSums(),
        Elapsed = _clock.Elapsed,
        Training = _clock.Training,
        EpochTraining = _clock.Training - _epochBegan,
    };

    /// <summary>The error of a run that came to numbers which are none.</summary>
    /// <param name="what">What is no finite number, and after which step.</param>
    public TrainingFailedException Diverged(string what) =>
        new($"Training diverged: {what} of epoch {_epochs.Count + 1}; a smaller learning rate usually cures this.");

    /// <inheritdoc/>
    public void Dispose() => Sums.Dispose();

    private double[] FiniteSums()
    {
        try
        {
            return Sums.Sums();
        }
        catch (NotFiniteNumberException e)
        {
            throw Diverged(step.Method.Fault() is { } fault ? $"{fault}, by step {Sums.Steps}" : e.Message);
        }
    }
}
