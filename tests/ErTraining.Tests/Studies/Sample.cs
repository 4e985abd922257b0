using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Optimization;
using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

/// <summary>Studies whose numbers are known beforehand.</summary>
internal static class Sample
{
    /// <summary>A plan of these settings, at a learning rate of 1.</summary>
    public static StudyPlan Plan(StudySettings settings, OptimizerSettings? optimizer = null) =>
        new(settings with { LearningRate = 1 }, optimizer ?? new AdamWSettings(), Registry.Default);

    /// <summary>All cells of a plan, finished, each with the accuracy that is told.</summary>
    public static IReadOnlyList<CellOutcome> Outcomes(StudyPlan plan, Func<StudyCell, double> accuracy) =>
        [.. plan.Cells.Select(cell => Finished(cell, plan.Settings.Epochs, accuracy(cell)))];

    /// <summary>A finished cell: entropy and reconstruction are e and 2e at epoch e, accuracy grows evenly from 0.2.</summary>
    public static CellOutcome Finished(StudyCell cell, int epochs, double accuracy)
    {
        EpochMetrics[] metrics =
            [.. Enumerable.Range(1, epochs).Select(e => Epoch(e, 0.2 + (accuracy - 0.2) * e / epochs))];
        var result = new RunResult(
            cell.Variant.Method, cell.Variant.Objective, "cpu", cell.Seed, epochs, 1000, 2000, 12, 500, 0.2, accuracy, 1, epochs, 2 * epochs, -epochs);
        return CellOutcome.Finished(cell, result, metrics);
    }

    /// <summary>An epoch as <see cref="Finished"/> has them.</summary>
    public static EpochMetrics Epoch(int epoch, double? accuracy) => new(epoch, 1, epoch, 2 * epoch, -epoch, 0.1, 500, KnnAccuracy: accuracy);

    /// <summary>Twenty training images, ten test images.</summary>
    public static ImageData Images { get; } = SyntheticImages.Create(20, 10, seed: 0);
}
