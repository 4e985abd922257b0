using ErLoss.Training;

namespace ErTraining.Reports;

/// <summary>A row of the study's figure.</summary>
/// <param name="Label">With its unit.</param>
/// <param name="OfEpoch">Its value after an epoch.</param>
/// <param name="BeforeTraining">Its value before the first.</param>
/// <param name="HasCommonScale">Whether it means the same for all methods.</param>
internal sealed record StudyMetric(
    string Label, Func<EpochMetrics, double?> OfEpoch, Func<RunResult, double?>? BeforeTraining = null, bool HasCommonScale = false)
{
    private static readonly StudyMetric s_accuracy = new("kNN accuracy, %", epoch => 100 * epoch.KnnAccuracy, result => 100 * result.KnnAccuracyBefore, HasCommonScale: true);

    /// <summary>Those of the paper's Figure 2.</summary>
    public static IReadOnlyList<StudyMetric> OfPaper { get; } =
        [new("entropy, nats", epoch => epoch.Entropy), new("reconstruction, nats", epoch => epoch.Reconstruction), s_accuracy];

    /// <summary>Those that say how far embeddings are from collapse, beside the accuracy.</summary>
    public static IReadOnlyList<StudyMetric> OfCollapse { get; } =
        [new("entropy, nats", epoch => epoch.Entropy), new("effective rank", epoch => epoch.EffectiveRank), new("mean cosine", epoch => epoch.MeanCosine), s_accuracy];
}
