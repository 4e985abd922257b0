namespace ErTraining.Reports;

/// <summary>A map of features: a point for each image, in the colour of its class.</summary>
/// <param name="Name">What it shows, in words that a file name can have.</param>
/// <param name="Svg">The map as an SVG document.</param>
internal sealed record MapPanel(string Name, string Svg)
{
    private const int Size = 460, Top = 30, Margin = 12;
    private const double Radius = 3;

    /// <summary>Draws a map, to the scale that fills it.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="title">What it is a map of.</param>
    /// <param name="places">Of the images.</param>
    /// <param name="labels">Their classes; empty if they have none.</param>
    /// <param name="predictions">What kNN takes them for; empty if they have no labels.</param>
    /// <param name="classCount">Number of classes; 0 if they have no labels.</param>
    public static MapPanel Draw(string name, string title, IReadOnlyList<(double X, double Y)> places, IReadOnlyList<int> labels, IReadOnlyList<int> predictions, int classCount)
    {
        (double left, double right, double top, double bottom) = (places.Min(p => p.X), places.Max(p => p.X), places.Min(p => p.Y), places.Max(p => p.Y));
        double span = Math.Max(right - left, bottom - top), scale = span > 0 ? (Size - 2 * Margin) / span : 0;
        var svg = new SvgPicture("map", Size, Top + Size, $"{title}: a map of {places.Count} test images", predictions.Count > 0 ? $" data-knn=\"{string.Join(' ', predictions)}\"" : "");
        svg.Add($"{ClassColours.Style("map", classCount)}");
        svg.Text(Size / 2, 18, title, "middle", 15);
        svg.Add($"""<rect x="0.5" y="{Top + 0.5:f1}" width="{Size - 1}" height="{Size - 1}" rx="4" fill="none" stroke="var(--grid)"/>""");
        svg.Add($"<g fill-opacity=\"0.85\">");
        for (int i = 0; i < places.Count; i++)
        {
            double x = Size / 2 + scale * (places[i].X - (left + right) / 2), y = Top + Size / 2 + scale * (places[i].Y - (top + bottom) / 2);
            svg.Add(labels.Count > 0 ? $"""<circle class="c{labels[i]}" cx="{x:f1}" cy="{y:f1}" r="{Radius}"/>""" : (FormattableString)$"""<circle cx="{x:f1}" cy="{y:f1}" r="{Radius}"/>""");
        }
        svg.Add($"</g>");
        return new MapPanel(name, svg.Finish());
    }

    /// <summary>The map as a page holds it.</summary>
    public string Inline() => SvgPicture.Inline(Svg);
}
