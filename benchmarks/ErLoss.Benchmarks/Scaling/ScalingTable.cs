using Spectre.Console;

namespace ErLoss.Benchmarks;

/// <summary>The tables that <c>scaling</c> prints.</summary>
internal static class ScalingTable
{
    /// <summary>What the columns mean.</summary>
    public const string Explanation =
        "Against one process: rows per second divided by those of one process that has as many threads in all; against one rank: by those of one rank; both are medians over the rounds. "
        + "KB: the size of the tensors that collectives give a rank. In collectives: the time that ranks spend in them, with waiting for ranks that come later; exchange alone is their time if all ranks meet before each of them.";

    /// <summary>A table of the rows of one kind of work.</summary>
    public static Table Of(ScalingWork work, string launcher, ScalingSubject subject, IReadOnlyList<ScalingRow> rows)
    {
        bool isStep = work == ScalingWork.Step;
        string what = isStep ? $"training steps of {subject.Method}, {subject.Objective}, {subject.Encoder}; images/s" : $"loss, d = {subject.Dimension}; milliseconds";
        Table table = new Table()
            .Title($"{what}, medians (quartiles); {launcher}".EscapeMarkup())
            .AddColumns(["scaling", "ranks × threads", isStep ? "batch" : "K", isStep ? "images/s" : "time", "against one process", "against one rank", "collectives", "KB", "in collectives", "exchange alone"]);
        if (!isStep)
        {
            table.AddColumn("peak of a rank");
        }
        foreach (ScalingRow row in rows)
        {
            string[] cells = [.. Cells(row), .. isStep ? (string[])[] : [row.PeakBytes is { } bytes ? $"{bytes / 1048576.0:n0} MiB" : ""]];
            table.AddRow([.. cells.Select(cell => cell.EscapeMarkup())]);
        }
        return table;
    }

    /// <summary>The cells of a row but for its memory.</summary>
    public static string[] Cells(ScalingRow row)
    {
        bool isStep = row.Work == nameof(ScalingWork.Step), hasRanks = row.Ranks > 1;
        return
        [
            row.Kind,
            new RankLayout(row.Ranks, row.Threads).ToString(),
            $"{row.Rows:n0}",
            isStep ? $"{row.RowsPerSecond:n0} ({row.Rows / row.Q3:n0}–{row.Rows / row.Q1:n0})" : $"{1000 * row.Seconds:f1} ({1000 * row.Q1:f1}–{1000 * row.Q3:f1})",
            $"{row.RatioToOneProcess:f2}",
            $"{row.RatioToOneRank:f2}",
            hasRanks ? $"{row.Collectives:n0}" : "",
            hasRanks ? $"{row.Bytes / 1000:n0}" : "",
            hasRanks ? $"{1000 * row.CollectiveSeconds:f2} ms, {row.CollectiveShare:p1}" : "",
            hasRanks ? $"{1000 * row.ExchangeSeconds:f2} ms, {row.ExchangeSeconds / row.Seconds:p1}" : "",
        ];
    }
}
