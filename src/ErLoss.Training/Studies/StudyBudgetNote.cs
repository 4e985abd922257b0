using System.Globalization;

namespace ErLoss.Training.Studies;

/// <summary>What a study says of the work and of the learning rates at its batch sizes.</summary>
internal static class StudyBudgetNote
{
    /// <summary>Two sentences; nothing for a study of one batch size.</summary>
    /// <param name="plan">The study.</param>
    /// <param name="images">Number of training images.</param>
    public static string? Of(StudyPlan plan, int images)
    {
        IGrouping<int, StudyCell>[] sizes = [.. plan.Cells.GroupBy(cell => cell.Settings.BatchSize).OrderByDescending(size => size.Key)];
        if (sizes.Length < 2)
        {
            return null;
        }
        string rule = plan.Settings.Budget == StudyBudget.Epochs
            ? "Cells have equal epochs at all batch sizes"
            : "Cells have equal steps at all batch sizes, as nearly as whole epochs come to that";
        string work = string.Join(", ", sizes.Select(size => $"{Steps(size)} at batch {size.Key}"));
        string rates = plan.Settings.LearningRateRule == LearningRateRule.Held
            ? "The learning rate is the same at all batch sizes"
            : $"The learning rate falls with the batch size by the rule of the optimizer: {string.Join(", ", sizes.Select(size => $"{Rates(size)} at batch {size.Key}"))}";
        return $"{rule}: {work}. {rates}.";

        string Steps(IEnumerable<StudyCell> cells) => string.Join(" or ", cells.Select(cell => (cell.Settings.Epochs, Steps: (long)cell.Settings.Epochs * (images / cell.Settings.BatchSize))).Distinct().Order()
            .Select(each => $"{each.Steps.ToString("n0", CultureInfo.InvariantCulture)} steps ({Quantity.Of(each.Epochs, "epoch")})"));
    }

    private static string Rates(IEnumerable<StudyCell> cells) =>
        string.Join(" or ", cells.Select(cell => cell.LearningRate).Distinct().Order().Select(rate => rate.ToString("g3", CultureInfo.InvariantCulture)));
}
