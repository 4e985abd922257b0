using System.Text;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Runs;
using ErLoss.Training.Studies;

namespace ErTraining.Reports;

/// <summary>report.html of a study: Table 2, what was found, Figure 2, the cells.</summary>
internal static class StudyReport
{
    private const double MostMagnified = 1.25;
    private const int CellsNamed = 4;

    /// <summary>Writes the page.</summary>
    /// <param name="path">The file, made or replaced.</param>
    /// <param name="plan">What was trained.</param>
    /// <param name="outcomes">One a cell.</param>
    /// <param name="data">The images that all was trained and measured on.</param>
    /// <param name="figure">The curves; null if no cell has come to the end of an epoch.</param>
    /// <param name="collapse">Curves of how far the embeddings are from collapse.</param>
    public static void Write(string path, StudyPlan plan, IReadOnlyList<CellOutcome> outcomes, ImageData data, StudyFigure? figure, StudyFigure? collapse = null)
    {
        StudyTable table = StudyTable.Create(plan, outcomes);
        var page = new StringBuilder();
        AppendFailures(page, outcomes);
        page.Append("<h2>Accuracy, and what is lost at a small batch or with a fast teacher</h2>\n<div class=\"beside\">\n<div>\n");
        foreach (StudyAccuracy accuracy in table.Accuracies)
        {
            AppendTable(page, table, plan.Registry.Methods, accuracy, Untrained(outcomes, accuracy));
        }
        page.Append("</div>\n<div>\n");
        AppendPaper(page, plan.Registry.Methods);
        page.Append($"</div>\n</div>\n<p class=\"note\">{HtmlPage.Text(Note(table, data, plan))}</p>\n<h2>What was found, by the kNN accuracy</h2>\n<ul>\n");
        foreach (string finding in StudyFindings.Sentences(plan, outcomes))
        {
            page.Append($"<li>{HtmlPage.Text(finding)}</li>\n");
        }
        page.Append("</ul>\n");
        StudyComparisonTables.Append(page, plan, outcomes, table);
        page.Append($"<h2>Entropy, reconstruction and accuracy over epochs</h2>\n");
        page.Append(figure is null
            ? "<p>There are no curves, since no cell has come to the end of an epoch.</p>\n"
            : $"<div class=\"wide\" style=\"max-width: {MostMagnified * figure.Width:f0}px\">{figure.Picture()}</div>\n");
        string bands = plan.Seeds > 1 ? $"Means over {plan.Seeds} seeds; bands reach from the least to the greatest. " : "";
        page.Append(figure is null ? "" : $"<p class=\"note\">{bands}Entropies of densities on the sphere, which may be negative, and of d classes, "
            + "which lie between 0 and log d, are not comparable.</p>\n");
        if (collapse is not null)
        {
            page.Append($"<h2>Entropy, effective rank and mean cosine beside accuracy</h2>\n<div class=\"wide\" style=\"max-width: {MostMagnified * collapse.Width:f0}px\">{collapse.Picture()}</div>\n");
            page.Append("<p class=\"note\">The effective rank says how many dimensions the embeddings of test images make use of, the mean cosine how alike those of two images are on average: near 1 all images have nearly the same one. Estimates of the entropy at different batch sizes, or with and without the own kernels, are not comparable; the other three metrics are.</p>\n");
        }
        AppendCells(page, outcomes);
        AppendSettings(page, plan.Settings);
        string subtitle = $"{data.Name}, {data.Counts}; {string.Join(" or ", plan.Cells.Select(cell => cell.Settings.Epochs).Distinct().Order())} {(plan.MostEpochs == 1 ? "epoch" : "epochs")}; "
            + $"{Quantity.Of(outcomes.Count, "cell")}, {Quantity.Of(plan.Seeds, "seed")}";
        HtmlPage.Write(path, "Native losses and entropy–reconstruction: a study of stability", subtitle, page);
    }

    private static string Note(StudyTable table, ImageData data, StudyPlan plan)
    {
        double[] accuracies = [.. table.Rows.Select(row => row.Accuracy.Mean / 100).OfType<double>()];
        string error = accuracies.Length == 0
            ? ""
            : $" (the standard error of one accuracy is {100 * accuracies.Max(p => Math.Sqrt(p * (1 - p) / data.Test.LabelledCount)):f1} points)";
        string reference = plan.Rows.Select(row => row[0]).MaxBy(variant => variant.Values.Count)!.Description;
        return $"Accuracy: {string.Join(" and a ", table.Accuracies.Select(accuracy => accuracy.Name))} on {data.Test.LabelledCount:n0} test images{error}, at {reference}, as far as a method has these. "
            + "Δ: points lost against it by what the column says"
            + $"{(plan.Seeds > 1 ? ", seed by seed; ± is the sample standard deviation over seeds" : "")}."
            + (StudyBudgetNote.Of(plan, data.Train.Count) is { } budget ? $" {budget}" : "")
            + (table.HasIntervals ? $" {table.IntervalNote(plan.Seeds)}" : "");
    }

    /// <summary>Accuracy of the encoders before training, in percent, one a seed, which decides their weights.</summary>
    private static Measure Untrained(IReadOnlyList<CellOutcome> outcomes, StudyAccuracy accuracy) => new(
        [
            .. from outcome in outcomes
               where outcome.Result is not null
               let before = accuracy.Before(outcome.Result!).Value
               where before is not null
               group 100 * before.Value by outcome.Cell.Seed into seed
               select seed.Average(),
        ],
        failed: 0);

    /// <summary>Why cells failed, each cause with the cells that it stopped.</summary>
    private static void AppendFailures(StringBuilder page, IReadOnlyList<CellOutcome> outcomes)
    {
        CellOutcome[] failed = [.. outcomes.Where(outcome => outcome.Status == CellStatus.Failed)];
        if (failed.Length == 0)
        {
            return;
        }
        page.Append($"<h2 class=\"failed\">{(failed.Length == outcomes.Count ? "No cell could be trained" : $"{failed.Length} of {outcomes.Count} cells could not be trained")}</h2>\n<ul>\n");
        foreach (IGrouping<string, CellOutcome> cause in failed.GroupBy(outcome => outcome.Message ?? ""))
        {
            string[] names = [.. cause.Select(outcome => outcome.Cell.Name)];
            string others = names.Length > CellsNamed ? $" and {names.Length - CellsNamed} more" : "";
            page.Append($"<li>{HtmlPage.Text(cause.Key)}<br><small>{HtmlPage.Text(string.Join(", ", names.Take(CellsNamed)))}{others}</small></li>\n");
        }
        page.Append("</ul>\n");
    }

    private static void AppendTable(StringBuilder page, StudyTable table, IReadOnlyDictionary<string, MethodSettings> methods, StudyAccuracy accuracy, Measure untrained)
    {
        page.Append($"<table class=\"numbers\">\n<caption>This study, {accuracy.Name}</caption>\n<tr><th>method</th>");
        page.Append(Cells(["accuracy, %", .. table.Variations.Select(variation => $"Δ {HtmlPage.Text(variation)}")], "th")).Append("</tr>\n");
        page.Append($"<tr><td>untrained encoder</td>{Cell(untrained)}{string.Concat(table.Variations.Select(_ => Cell(null)))}</tr>\n");
        string? above = null;
        foreach (StudyTableRow row in table.Rows)
        {
            Measure reference = row.Level(accuracy)!.Accuracy;
            page.Append(above != row.Method ? "<tr class=\"group\">" : "<tr>");
            page.Append($"<td>{HtmlPage.Text(row.Reference.Title(methods))}</td>{Cell(reference, IsBelow(reference, untrained) ? "below the untrained encoder" : null)}");
            page.AppendJoin("", table.Variations.Select(variation => Cell(row.Delta(variation)?.Level(accuracy)!.Lost))).Append("</tr>\n");
            above = row.Method;
        }
        page.Append("</table>\n");
    }

    /// <summary>Whether an accuracy is lower than another by more than its own uncertainty, as far as that is known.</summary>
    private static bool IsBelow(Measure accuracy, Measure other) => (accuracy.Interval?.High ?? accuracy.Mean) < other.Mean;

    /// <summary>Cells of numbers, ready for HTML.</summary>
    private static string Cells(IEnumerable<string> texts, string tag = "td") =>
        string.Concat(texts.Select(text => $"<{tag} class=\"n\">{text}</{tag}>"));

    private static string Cell(Measure? measure, string? remark = null) =>
        $"<td class=\"n{(measure?.HasOnlyFailed == true ? " failed" : "")}\">{AxisTicks.WithMinus(measure?.ToString() ?? "–")}"
        + (measure?.Interval is { } interval ? $"<br><small>{AxisTicks.WithMinus(interval.ToString("f2"))}</small>" : "")
        + (remark is null ? "</td>" : $"<br><small class=\"failed\">{remark}</small></td>");

    private static void AppendPaper(StringBuilder page, IReadOnlyDictionary<string, MethodSettings> methods)
    {
        page.Append($"<table class=\"numbers\">\n<caption>For reference: {PublishedStability.Source}; ImageNet, against batch 4096</caption>\n"
            + $"<tr><th>method</th>{Cells(["accuracy, %", "Δ batch 512", "Δ EMA 0.8"], "th")}</tr>\n");
        foreach ((string title, PublishedStability row) in
            from method in methods.Values
            from result in method.Stability
            select (method.TitleWith(result.Key), result.Value))
        {
            double?[] values = [row.Accuracy, row.LostAtBatch512, row.LostAtEma08];
            page.Append($"<tr><td>{title}</td>{Cells(values.Select(value => value?.ToString("f2") ?? "–"))}</tr>\n");
        }
        page.Append("</table>\n");
    }

    private static void AppendCells(StringBuilder page, IReadOnlyList<CellOutcome> outcomes)
    {
        page.Append("<h2>Cells</h2>\n<details><summary>Every run of the study</summary>\n<div class=\"scroll\"><table class=\"numbers\">\n"
            + $"<tr><th>cell</th>{Cells(["learning rate", "kNN before, %", "kNN after, %", "95% interval", "linear probe before, %", "after, %", "steps", "images/s", "seconds"], "th")}</tr>\n");
        foreach (CellOutcome outcome in outcomes)
        {
            page.Append($"<tr><td>{HtmlPage.Text(outcome.Cell.Name)}</td>{Cells([$"{outcome.Cell.LearningRate:g3}"])}");
            page.Append(outcome.Result is { } r
                ? $"{Cells([$"{100 * r.KnnAccuracyBefore:f2}", $"{100 * r.KnnAccuracy:f2}", r.KnnAccuracyInterval?.ToString("p1") ?? "–", Percent(r.LinearProbeAccuracyBefore), Percent(r.LinearProbeAccuracy), $"{StudyDocument.Steps(r, outcome.Cell):n0}", $"{r.ImagesPerSecond:f0}", $"{r.Seconds:f0}"])}</tr>\n"
                : $"<td colspan=\"8\" class=\"failed\">failed: {HtmlPage.Text(outcome.Message ?? "")}</td></tr>\n");
        }
        page.Append("</table></div>\n</details>\n");
    }

    private static string Percent(double? accuracy) => accuracy is null ? "–" : $"{100 * accuracy:f2}";

    private static void AppendSettings(StringBuilder page, StudySettings settings)
    {
        page.Append("<h2>Settings</h2>\n<div class=\"scroll\"><table>\n");
        IEnumerable<(string, string)> axes = settings.Axes.Select(axis => ($"axis {axis.Word}", string.Join(' ', axis.Values)));
        foreach ((string name, string value) in axes.Concat(JsonFormat.Describe(settings with { Axes = [] }).Where(member => member.Value.Length > 0)))
        {
            page.Append($"<tr><td>{name}</td><td>{HtmlPage.Text(value)}</td></tr>\n");
        }
        page.Append("</table></div>\n");
    }
}
