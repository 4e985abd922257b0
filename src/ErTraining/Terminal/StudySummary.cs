using ErLoss.Training.Studies;
using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>The last words of a study: its tables, what was found, and the verdicts.</summary>
internal static class StudySummary
{
    /// <summary>Writes them to the console.</summary>
    public static void Write(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes)
    {
        StudyTable study = StudyTable.Create(plan, outcomes);
        foreach (StudyAccuracy accuracy in study.Accuracies)
        {
            AnsiConsole.Write(Table(plan, study, accuracy));
        }
        if (study.Variations.Any())
        {
            AnsiConsole.WriteLine("Δ: points of accuracy that are lost by what the column says; below zero it is a gain.");
        }
        if (study.HasIntervals)
        {
            AnsiConsole.WriteLine(study.IntervalNote(plan.Seeds));
        }
        foreach (string finding in StudyFindings.Sentences(plan, outcomes))
        {
            AnsiConsole.WriteLine(finding);
        }
        StudyComparison[] comparisons = [.. StudyComparison.All(plan, outcomes).Where(comparison => comparison is { Question: StudyQuestion.LosesLess, IsAgainstFirst: true })];
        if (comparisons.Length > 0)
        {
            AnsiConsole.Write(Table(comparisons));
            AnsiConsole.WriteLine(StudyComparisonNote.Of(plan.Seeds, comparisons));
        }
    }

    /// <summary>The table. Its headings have values of settings, which may be any text.</summary>
    internal static Table Table(StudyPlan plan, StudyTable study, StudyAccuracy accuracy)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("method");
        foreach (string heading in study.Variations.Select(variation => $"Δ {variation}").Prepend($"{accuracy.Name} accuracy, %"))
        {
            table.AddColumn(new TableColumn(heading.EscapeMarkup()).RightAligned());
        }
        foreach (StudyTableRow row in study.Rows)
        {
            IEnumerable<Measure?> measures = [row.Level(accuracy)?.Accuracy, .. study.Variations.Select(variation => row.Delta(variation)?.Level(accuracy)?.Lost)];
            table.AddRow([row.Reference.Title(plan.Registry.Methods).EscapeMarkup(), .. measures.Select(Cell)]);
        }
        return table;
    }

    /// <summary>Which form loses less.</summary>
    internal static Table Table(IEnumerable<StudyComparison> comparisons)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("loses less?").AddColumn("at").AddColumn("measure");
        table.AddColumn(new TableColumn("points less lost").RightAligned()).AddColumn("verdict").AddColumn(new TableColumn("seeds to tell").RightAligned());
        foreach (StudyComparison comparison in comparisons)
        {
            table.AddRow(
                $"{comparison.Subject} than {comparison.Other}".EscapeMarkup(),
                comparison.At.EscapeMarkup(),
                comparison.Accuracy.Name,
                Cell(comparison.Difference),
                comparison.Verdict,
                comparison.SeedsInWords);
        }
        return table;
    }

    private static string Cell(Measure? measure) =>
        measure?.Interval is { } interval ? $"{measure}\n[dim]{interval.ToString("f2")}[/]" : measure?.ToString() ?? "–";
}
