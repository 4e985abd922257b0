using ScottPlot;

namespace ErTraining.Reports;

/// <summary>A plot of one or two metrics over epochs.</summary>
/// <param name="Name">What it shows, in words that a file name can have.</param>
/// <param name="Svg">The plot as an SVG document.</param>
internal sealed record CurvePanel(string Name, string Svg)
{
    private const int Width = 460, Height = 300;

    private static readonly Color s_ink = Color.FromHex("#30475e"), s_second = Color.FromHex("#c0562f");

    /// <summary>Draws a panel.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="title">What the panel shows, with its unit.</param>
    /// <param name="curves">A name and points each; the names are in the picture if there are several curves.</param>
    public static CurvePanel Draw(
        string name, string title, params IReadOnlyList<(string Name, IReadOnlyList<(double Epoch, double Value)> Points)> curves)
    {
        PlotFont.Use();
        using var plot = new Plot();
        plot.Title(title, 15);
        plot.XLabel("epoch", 13);
        Color[] colours = [s_ink, s_second];
        foreach (((string label, IReadOnlyList<(double Epoch, double Value)> points), int index) in curves.Select((curve, i) => (curve, i)))
        {
            var line = plot.Add.Scatter(points.Select(p => p.Epoch).ToArray(), points.Select(p => p.Value).ToArray(), colours[index]);
            line.LineWidth = 2;
            line.MarkerSize = points.Count > 30 ? 0 : 5;
            line.LegendText = curves.Count > 1 ? label : "";
        }
        if (curves.Count > 1)
        {
            plot.ShowLegend(Edge.Bottom);
        }
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        plot.Grid.MajorLineColor = Colors.Black.WithAlpha(0.08);
        return new CurvePanel(name, plot.GetSvgXml(Width, Height));
    }

    /// <summary>The plot as a page holds it, scaling with its container.</summary>
    public string Inline() => HtmlPage.Picture(Svg, Width, Height);
}
