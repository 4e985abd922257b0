using System.Text;
using ErLoss.Training.Studies;

namespace ErTraining.Reports;

/// <summary>The part of a study's page that compares the forms of each method: verdicts with their intervals, levels and gains.</summary>
internal static class StudyComparisonTables
{
    /// <summary>Appends it.</summary>
    /// <param name="page">The page.</param>
    /// <param name="plan">What was trained.</param>
    /// <param name="outcomes">One a cell.</param>
    /// <param name="table">The study's table.</param>
    public static void Append(StringBuilder page, StudyPlan plan, IReadOnlyList<CellOutcome> outcomes, StudyTable table)
    {
        IReadOnlyList<StudyComparison> comparisons = StudyComparison.All(plan, outcomes);
        Append(page, comparisons.Where(comparison => comparison.Question == StudyQuestion.LosesLess), "Which form loses less", "points lost", "points less lost", isOpen: true);
        if (comparisons.Count > 0)
        {
            page.Append($"<p class=\"note\">{HtmlPage.Text(StudyComparisonNote.Of(plan.Seeds, comparisons))}</p>\n");
        }
        AppendLevels(page, plan, table);
        Append(page, comparisons.Where(comparison => comparison.Question == StudyQuestion.EndsHigher), "Which form ends higher", "accuracy, %", "points higher", isOpen: false);
    }

    private static void Append(StringBuilder page, IEnumerable<StudyComparison> all, string title, string quantity, string difference, bool isOpen)
    {
        StudyComparison[] comparisons = [.. all];
        if (comparisons.Length == 0)
        {
            return;
        }
        page.Append($"<h2>{title}</h2>\n{(isOpen ? "" : "<details><summary>Every pair of forms, at every setting that both have</summary>\n")}<div class=\"scroll\"><table class=\"numbers\">\n");
        page.Append($"<tr><th>form</th><th>against</th><th>at</th><th>measure</th><th class=\"n\">{quantity}</th><th class=\"n\">of the other</th><th class=\"n\">{difference}</th><th>verdict</th><th class=\"n\">seeds to tell</th></tr>\n");
        string? above = null;
        foreach (StudyComparison comparison in comparisons)
        {
            string[] words = [comparison.Subject, comparison.Other, comparison.At, comparison.Accuracy.Name];
            page.Append(above == comparison.Method + comparison.Metric ? "<tr>" : "<tr class=\"group\">");
            page.AppendJoin("", words.Select(word => $"<td>{HtmlPage.Text(word)}</td>"));
            page.Append($"<td class=\"n\">{Number(comparison.OfSubject)}</td><td class=\"n\">{Number(comparison.OfOther)}</td><td class=\"n\">{WithInterval(comparison.Difference)}</td>");
            page.Append($"<td>{comparison.Verdict}</td><td class=\"n\">{comparison.SeedsInWords}</td></tr>\n");
            above = comparison.Method + comparison.Metric;
        }
        page.Append($"</table></div>\n{(isOpen ? "" : "</details>\n")}");
    }

    /// <summary>What every form comes to at every setting, and how far that is above the untrained encoder.</summary>
    private static void AppendLevels(StringBuilder page, StudyPlan plan, StudyTable table)
    {
        page.Append("<h2>Levels, and gains over the untrained encoder</h2>\n<div class=\"scroll\"><table class=\"numbers\">\n<tr><th>form</th><th>at</th>");
        page.AppendJoin("", table.Accuracies.Select(accuracy => $"<th class=\"n\">{accuracy.Name}, %</th><th class=\"n\">gain, points</th>")).Append("</tr>\n");
        foreach (StudyTableRow row in table.Rows)
        {
            AppendLevel(page, row.Reference.Title(plan.Registry.Methods), row.Reference.Description, table.Accuracies.Select(row.Level), isFirst: true);
            foreach (StudyDelta delta in row.Deltas)
            {
                AppendLevel(page, "", delta.Variation, table.Accuracies.Select(delta.Level), isFirst: false);
            }
        }
        page.Append("</table></div>\n<p class=\"note\">Points lost flatter a form that is hardly above the untrained encoder, since it has little to lose; this table shows how much each form had.</p>\n");
    }

    private static void AppendLevel(StringBuilder page, string form, string at, IEnumerable<StudyLevel?> levels, bool isFirst)
    {
        page.Append($"{(isFirst ? "<tr class=\"group\">" : "<tr>")}<td>{HtmlPage.Text(form)}</td><td>{HtmlPage.Text(at)}</td>");
        page.AppendJoin("", levels.Select(level => $"<td class=\"n\">{WithInterval(level?.Accuracy)}</td><td class=\"n\">{WithInterval(level?.Gain)}</td>")).Append("</tr>\n");
    }

    private static string Number(Measure measure) => AxisTicks.WithMinus(measure.ToString());

    private static string WithInterval(Measure? measure) => measure is null ? "–"
        : Number(measure) + (measure.Interval is { } interval ? $"<br><small>{AxisTicks.WithMinus(interval.ToString("f2"))}</small>" : "");
}
