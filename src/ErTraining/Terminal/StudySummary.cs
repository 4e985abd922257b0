using ErLoss.Training.Studies;
using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>The last words of a study: its table and what was found.</summary>
internal static class StudySummary
{
    /// <summary>Writes them to the console.</summary>
    public static void Write(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes)
    {
        StudyTable study = StudyTable.Create(plan, outcomes);
        AnsiConsole.Write(Table(plan, study));
        if (study.Variations.Any())
        {
            AnsiConsole.WriteLine("Δ: points of accuracy that are lost by what the column says; below zero it is a gain.");
        }
        if (study.HasIntervals)
        {
            AnsiConsole.WriteLine(StudyTable.IntervalNote(plan.Seeds));
        }
        foreach (string finding in StudyFindings.Sentences(plan, outcomes))
        {
            AnsiConsole.WriteLine(finding);
        }
    }

    /// <summary>The table. Its headings have values of settings, which may be any text.</summary>
    internal static Table Table(StudyPlan plan, StudyTable study)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("method");
        foreach (string heading in study.Variations.Select(variation => $"Δ {variation}").Prepend("kNN accuracy, %"))
        {
            table.AddColumn(new TableColumn(heading.EscapeMarkup()).RightAligned());
        }
        foreach (StudyTableRow row in study.Rows)
        {
            IEnumerable<Measure?> measures = [row.Accuracy, .. study.Variations.Select(row.Lost)];
            table.AddRow([row.Reference.Title(plan.Registry.Methods).EscapeMarkup(), .. measures.Select(Cell)]);
        }
        return table;
    }

    private static string Cell(Measure? measure) =>
        measure?.Interval is { } interval ? $"{measure}\n[dim]{interval.ToString("f2")}[/]" : measure?.ToString() ?? "–";
}
