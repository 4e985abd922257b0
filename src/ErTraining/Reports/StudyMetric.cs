using ErLoss.Training;

namespace ErTraining.Reports;

/// <summary>A row of the study's figure.</summary>
/// <param name="Label">With its unit.</param>
/// <param name="OfEpoch">Its value after an epoch.</param>
/// <param name="BeforeTraining">Its value before the first.</param>
/// <param name="HasCommonScale">Whether it means the same for all methods.</param>
internal sealed record StudyMetric(
    string Label, Func<EpochMetrics, double?> OfEpoch, Func<RunResult, double?>? BeforeTraining = null, bool HasCommonScale = false);
