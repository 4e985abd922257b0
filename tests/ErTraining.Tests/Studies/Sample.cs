using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

/// <summary>Studies whose numbers are known beforehand.</summary>
internal static class Sample
{
    /// <summary>A plan with a learning rate of 1.</summary>
    /// <param name="axes">What is varied: "method=byol objective=er batch_size=512,64"; seed 0 where it says no other.</param>
    /// <param name="shared">What all cells share: "epochs=3".</param>
    /// <param name="fullGrid">Whether all combinations are trained.</param>
    /// <param name="json">The document that all cells start from.</param>
    /// <param name="arms">Forms of the methods besides.</param>
    /// <param name="change">Changes what else is asked for.</param>
    /// <param name="images">Number of training images; null if it is not known.</param>
    public static StudyPlan Plan(
        string axes, string shared = "epochs=3", bool fullGrid = false, string? json = null, IReadOnlyList<string>? arms = null, Func<StudySettings, StudySettings>? change = null, int? images = null)
    {
        (string Word, string Value)[] words = [.. Given.Words(axes), .. axes.Contains("seed=", StringComparison.Ordinal) ? [] : Given.Words("seed=0")];
        var settings = new StudySettings
        {
            Version = "1.0",
            Axes = [.. words.Select(word => StudyAxis.Checked(Registry.Default.Document, word.Word, word.Value.Split(',')))],
            Arms = [.. (arms ?? []).Select(arm => StudyArm.Parse(Registry.Default.Document, arm))],
            FullGrid = fullGrid,
        };
        (string Word, string Value)[] common = [.. Given.Words(shared)];
        return new(change?.Invoke(settings) ?? settings, new SharedCellSettings(Registry.Default, common.Any(word => word.Word == "learning_rate") ? common : [.. common, ("learning_rate", "1")], json), images);
    }

    /// <summary>All cells of a plan, finished, each with the accuracy that is told.</summary>
    public static IReadOnlyList<CellOutcome> Outcomes(StudyPlan plan, Func<StudyCell, double> accuracy) =>
        [.. plan.Cells.Select(cell => Finished(cell, accuracy(cell)))];

    /// <summary>A finished cell as <see cref="Finished(StudyCell, double)"/> makes it, with a linear probe that comes to as much again above its own value before training, 0.3.</summary>
    public static CellOutcome WithProbe(StudyCell cell, double accuracy, double probe)
    {
        CellOutcome finished = Finished(cell, accuracy);
        return finished with { Result = finished.Result! with { LinearProbeAccuracyBefore = 0.3, LinearProbeAccuracy = probe } };
    }

    /// <summary>A finished cell: entropy and reconstruction are e and 2e at epoch e, accuracy grows evenly from 0.2.</summary>
    public static CellOutcome Finished(StudyCell cell, double accuracy)
    {
        int epochs = cell.Settings.Epochs;
        EpochMetrics[] metrics =
            [.. Enumerable.Range(1, epochs).Select(e => Epoch(e, 0.2 + (accuracy - 0.2) * e / epochs))];
        var result = new RunResult(
            cell.Variant.Method, cell.Variant.Objective, "cpu", cell.Seed, epochs, 1000, 2000, 12, 500, 0.2, accuracy, 1, epochs, 2 * epochs, -epochs);
        return CellOutcome.Finished(cell, result, metrics);
    }

    /// <summary>An epoch as <see cref="Finished"/> has them.</summary>
    public static EpochMetrics Epoch(int epoch, double? accuracy) => new(epoch, 1, epoch, 2 * epoch, -epoch, 0.1, 500, EffectiveRank: 10 * epoch, MeanCosine: 0.5 / epoch, KnnAccuracy: accuracy);

    /// <summary>Twenty training images, ten test images.</summary>
    public static ImageData Images { get; } = SyntheticImages.Create(20, 10, seed: 0);
}
