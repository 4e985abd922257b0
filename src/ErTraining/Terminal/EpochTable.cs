using ErLoss.Training;
using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>The table of a run's epochs. On a narrow terminal it has fewer columns, so that no number is broken in two.</summary>
internal static class EpochTable
{
    private const string Knn = "kNN";
    private const int Padding = 2, Border = 1; // around each cell, and between cells

    private static readonly Column[] s_columns =
    [
        new("epoch", 0, (epoch, _) => $"{epoch.Epoch}"),
        new("loss", 1, (epoch, _) => $"{epoch.Loss:f3}"),
        new("entropy", 4, (epoch, _) => $"{epoch.Entropy:f2}"),
        new("reconstruction", 5, (epoch, _) => $"{epoch.Reconstruction:f2}"),
        new("bound", 3, (epoch, _) => $"{epoch.MutualInformationBound:f3}"),
        new("images/s", 6, (epoch, _) => $"{epoch.ImagesPerSecond:f0}"),
        new(Knn, 2, (epoch, isOver) => isOver ? epoch.KnnAccuracy?.ToString("p1") ?? "" : "…"),
        new("retrieval", 7, (epoch, isOver) => isOver ? epoch.ViewRetrieval?.ToString("p1") ?? "" : "…"),
    ];

    /// <summary>A column.</summary>
    /// <param name="Heading">Its first row.</param>
    /// <param name="Rank">Which column goes first where there is no room: that of the highest rank.</param>
    /// <param name="Cell">An epoch's cell, given whether the epoch is over.</param>
    private sealed record Column(string Heading, int Rank, Func<EpochMetrics, bool, string> Cell);

    /// <summary>The table.</summary>
    /// <param name="done">Epochs that are over.</param>
    /// <param name="underWay">The one under way, so far; null between epochs.</param>
    /// <param name="width">Characters of a line.</param>
    public static Table Create(IEnumerable<EpochMetrics> done, EpochMetrics? underWay, int width)
    {
        (EpochMetrics Epoch, bool IsOver)[] rows = [.. done.Select(epoch => (epoch, true)), .. underWay is null ? [] : new[] { (underWay, false) }];
        bool hasAccuracy = !rows.Any(row => row.Epoch is { KnnAccuracy: null, ViewRetrieval: not null }); // both are measured after the same epochs
        List<Column> columns = [.. s_columns.Where(column => hasAccuracy || column.Heading != Knn)];
        while (columns.Count > 1 && columns.Sum(Width) + Border > width)
        {
            columns.Remove(columns.MaxBy(column => column.Rank)!);
        }
        Table table = new Table().Border(TableBorder.Rounded);
        table.AddColumns([.. columns.Select(column => new TableColumn(column.Heading).RightAligned().NoWrap())]);
        foreach ((EpochMetrics epoch, bool isOver) in rows)
        {
            table.AddRow(columns.Select(column => new Text(column.Cell(epoch, isOver))));
        }
        return table;

        int Width(Column column) => rows.Select(row => column.Cell(row.Epoch, row.IsOver).Length).Append(column.Heading.Length).Max() + Padding + Border;
    }
}
