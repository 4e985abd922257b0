using ErTraining.Training;
using ScottPlot;

namespace ErTraining.Reporting;

/// <summary>Curves over epochs, as SVG.</summary>
internal static class Curves
{
    private const int Width = 460, Height = 300;

    private static readonly Color s_ink = Color.FromHex("#30475e"), s_second = Color.FromHex("#c0562f");

    /// <summary>A panel: its title and SVG.</summary>
    /// <param name="title">What the panel shows, with its unit.</param>
    /// <param name="curves">A name and points each; no names in the picture if there is one only.</param>
    public static string Panel(string title, params IReadOnlyList<(string Name, IReadOnlyList<(double Epoch, double Value)> Points)> curves)
    {
        PlotFont.Use();
        using var plot = new Plot();
        plot.Title(title, 15);
        plot.XLabel("epoch", 13);
        Color[] colours = [s_ink, s_second];
        foreach (((string name, IReadOnlyList<(double Epoch, double Value)> points), int index) in curves.Select((curve, i) => (curve, i)))
        {
            var line = plot.Add.Scatter(points.Select(p => p.Epoch).ToArray(), points.Select(p => p.Value).ToArray(), colours[index]);
            line.LineWidth = 2;
            line.MarkerSize = points.Count > 30 ? 0 : 5;
            line.LegendText = curves.Count > 1 ? name : "";
        }
        if (curves.Count > 1)
        {
            plot.ShowLegend(Edge.Bottom);
        }
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        plot.Grid.MajorLineColor = Colors.Black.WithAlpha(0.08);
        return HtmlPage.Picture(plot.GetSvgXml(Width, Height), Width, Height);
    }

    /// <summary>The points of one metric over the epochs that have it.</summary>
    public static IReadOnlyList<(double Epoch, double Value)> Of(IEnumerable<EpochMetrics> epochs, Func<EpochMetrics, double?> metric) =>
        [.. epochs.Where(e => metric(e) is not null).Select(e => ((double)e.Epoch, metric(e)!.Value))];
}
