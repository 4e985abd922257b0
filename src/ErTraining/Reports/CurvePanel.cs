using System.Globalization;
using Curve = (string Name, (double Epoch, double Value)[] Points);

namespace ErTraining.Reports;

/// <summary>A plot of one or two metrics over epochs, which is legible on light and on dark pages.</summary>
/// <param name="Name">What it shows, in words that a file name can have.</param>
/// <param name="Svg">The plot as an SVG document.</param>
internal sealed record CurvePanel(string Name, string Svg)
{
    private const int Width = 460, Height = 300, HeightOfNumbers = 56, Top = 44, Bottom = 46, Right = 16, LabelGap = 8;
    private const int MostMarkers = 30, XIntervals = 8, YIntervals = 5;
    private const double CharacterWidth = 7;

    private static readonly string[] s_colours = ["var(--first)", "var(--second)"];

    /// <summary>Draws a panel. Where there is only one epoch to show, it is no curve, but a number.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="title">What the panel shows, with its unit.</param>
    /// <param name="curves">A name and points each; the names are in the picture if there are several curves.</param>
    public static CurvePanel Draw(
        string name, string title, params IReadOnlyList<(string Name, IReadOnlyList<(double Epoch, double Value)> Points)> curves)
    {
        Curve[] finite =
            [.. curves.Select(curve => (curve.Name, curve.Points.Where(point => double.IsFinite(point.Value)).ToArray()))];
        double[] epochs = [.. finite.SelectMany(curve => curve.Points).Select(point => point.Epoch).Distinct()];
        int height = epochs.Length > 1 ? Height : Top + finite.Length * HeightOfNumbers;
        var svg = new SvgPicture("curve", Width, height, title);
        svg.Text(Width / 2, 18, title, "middle", 15);
        if (epochs.Length > 1)
        {
            DrawCurves(svg, finite, (int)epochs.Min(), (int)epochs.Max());
        }
        else
        {
            DrawNumbers(svg, finite);
        }
        return new CurvePanel(name, svg.Finish());
    }

    /// <summary>The plot as a page holds it: scaling with its container, in the page's colours.</summary>
    public string Inline() => SvgPicture.Inline(Svg);

    private static void DrawCurves(SvgPicture svg, Curve[] curves, int first, int last)
    {
        double[] values = [.. curves.SelectMany(curve => curve.Points).Select(point => point.Value)];
        AxisTicks x = AxisTicks.Whole(first, last, XIntervals), y = AxisTicks.Around(values.Min(), values.Max(), YIntervals);
        double left = 14 + LabelGap + CharacterWidth * y.Ticks.Max(tick => tick.Label.Length), bottom = Height - Bottom;
        foreach ((double value, string label) in y.Ticks)
        {
            svg.Add($"""<path d="M{left:f1} {Y(value):f1}H{Width - Right}" stroke="var(--grid)"/>""");
            svg.Text(left - LabelGap, Y(value) + 4, label, "end", 12);
        }
        svg.Add($"""<path d="M{left:f1} {bottom:f1}H{Width - Right}" stroke="var(--muted)"/>""");
        foreach ((double value, string label) in x.Ticks)
        {
            svg.Add($"""<path d="M{X(value):f1} {bottom:f1}v4" stroke="var(--muted)"/>""");
            svg.Text(X(value), bottom + 18, label, "middle", 12);
        }
        svg.Text((left + Width - Right) / 2, Height - 8, "epoch", "middle", 12);
        foreach (((string _, (double Epoch, double Value)[] points), int index) in curves.Select((curve, index) => (curve, index)))
        {
            string line = string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.Epoch):f1},{Y(point.Value):f1}")));
            svg.Add($"""<polyline points="{line}" fill="none" stroke="{s_colours[index]}" stroke-width="2" stroke-linejoin="round"/>""");
            foreach ((double epoch, double value) in points.Length > MostMarkers ? [] : points)
            {
                svg.Add($"""<circle cx="{X(epoch):f1}" cy="{Y(value):f1}" r="3" fill="{s_colours[index]}"/>""");
            }
        }
        if (curves.Length > 1)
        {
            DrawLegend(svg, curves);
        }

        double X(double epoch) => left + 8 + (epoch - first) / (last - first) * (Width - Right - left - 16);
        double Y(double value) => bottom - (value - y.First) / (y.Last - y.First) * (bottom - Top);
    }

    /// <summary>In a line below the title, where it takes nothing from the curves.</summary>
    private static void DrawLegend(SvgPicture svg, Curve[] curves)
    {
        const int Line = 18, Space = 24;
        double at = (Width - curves.Sum(curve => Line + 6 + CharacterWidth * curve.Name.Length) - Space * (curves.Length - 1)) / 2;
        foreach (((string name, _), int index) in curves.Select((curve, index) => (curve, index)))
        {
            svg.Add($"""<path d="M{at:f1} 32h{Line}" stroke="{s_colours[index]}" stroke-width="3"/>""");
            svg.Text(at + Line + 6, 36, name, "start", 12);
            at += Line + 6 + CharacterWidth * name.Length + Space;
        }
    }

    private static void DrawNumbers(SvgPicture svg, Curve[] curves)
    {
        double at = Top + 26;
        foreach ((string name, (double Epoch, double Value)[] points) in curves)
        {
            svg.Text(Width / 2, at, points is [var point, ..] ? AxisTicks.Label(point.Value, 3) : "no finite value", "middle", points.Length > 0 ? 30 : 16);
            svg.Text(Width / 2, at + 20, $"{(curves.Length > 1 ? $"{name} " : "")}{(points is [var (epoch, _), ..] ? $"after epoch {epoch}" : "")}", "middle", 12);
            at += HeightOfNumbers;
        }
    }
}
