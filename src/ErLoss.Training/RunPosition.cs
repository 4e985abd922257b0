namespace ErLoss.Training;

/// <summary>How far a run has come. With the weights and the optimizer's state it is all that the rest of the run depends on.</summary>
/// <remarks>Random numbers need no place in it: each stream is named by seed, purpose and epoch or step.</remarks>
internal sealed record RunPosition
{
    /// <summary>kNN accuracy of the encoder before training; null where no accuracy can be measured.</summary>
    public required double? KnnAccuracyBefore { get; init; }

    /// <summary>Accuracy of a linear probe on the encoder before training; null where none was asked for.</summary>
    public double? LinearProbeAccuracyBefore { get; init; }

    /// <summary>View retrieval before training; null in the states of older versions.</summary>
    public double? ViewRetrievalBefore { get; init; }

    /// <summary>Metrics of the epochs that are over.</summary>
    public required IReadOnlyList<EpochMetrics> Epochs { get; init; }

    /// <summary>Steps done, of all epochs.</summary>
    public required long StepsDone { get; init; }

    /// <summary>Sums of the metrics over the steps of the epoch under way, as <see cref="ErLoss.Training.MetricSums.Sums"/> gives them.</summary>
    public required double[] MetricSums { get; init; }

    /// <summary>Time the run has taken, evaluation and all else included.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Thereof in training.</summary>
    public required TimeSpan Training { get; init; }

    /// <summary>Thereof in the epoch under way.</summary>
    public required TimeSpan EpochTraining { get; init; }
}
