using ErLoss.SelfSupervised.Evaluation;

namespace ErTraining.Reports;

/// <summary>The kNN accuracy of some classes before and after training, a line for each.</summary>
/// <param name="Name">What it shows, in words that a file name can have.</param>
/// <param name="Svg">The plot as an SVG document.</param>
internal sealed record ClassAccuracyPanel(string Name, string Svg)
{
    private const int Width = 460, Row = 20, Top = 52, Bottom = 26, MostRows = 25, MostPanels = 8, MostLetters = 22;
    private const double CharacterWidth = 7;

    /// <summary>Draws panels of 25 classes at most, best first; of more than 200 classes, the 25 best and the 25 worst.</summary>
    /// <param name="before">Before training; null of a run without training.</param>
    /// <param name="after">After training.</param>
    /// <param name="names">Names of the classes, by label.</param>
    public static IReadOnlyList<ClassAccuracyPanel> Draw(ConfusionMatrix? before, ConfusionMatrix after, IReadOnlyList<string> names)
    {
        int[][] groups = [.. Enumerable.Range(0, after.ClassCount).Where(label => after.CountOf(label) > 0).OrderByDescending(label => after.AccuracyOf(label)).Chunk(MostRows)];
        if (groups.Length > MostPanels)
        {
            groups = [groups[0], [.. groups.SelectMany(group => group).TakeLast(MostRows)]];
        }
        return [.. groups.Select((group, i) => new ClassAccuracyPanel(groups.Length == 1 ? "class-accuracy" : $"class-accuracy-{i + 1}", Draw(before, after, names, group)))];
    }

    /// <summary>The plot as a page holds it.</summary>
    public string Inline() => SvgPicture.Inline(Svg);

    private static string Draw(ConfusionMatrix? before, ConfusionMatrix after, IReadOnlyList<string> names, int[] labels)
    {
        string[] words = [.. labels.Select(label => ShortName.Of(names[label], MostLetters))];
        double left = 14 + 8 + CharacterWidth * words.Max(ShortName.Width);
        double right = 24 + CharacterWidth * labels.Max(label => $"100 % of {after.CountOf(label):n0}".Length);
        int bottom = Top + labels.Length * Row;
        var svg = new SvgPicture("classes", Width, bottom + Bottom, "kNN accuracy by class, %");
        svg.Text(Width / 2, 18, "kNN accuracy by class, %", "middle", 15);
        AddLegend(svg, before is not null);
        foreach (int percent in (int[])[0, 25, 50, 75, 100])
        {
            svg.Add($"""<path d="M{X(percent / 100.0):f1} {Top}V{bottom}" stroke="var(--grid)"/>""");
            svg.Text(X(percent / 100.0), bottom + 18, $"{percent}", "middle", 12);
        }
        for (int row = 0; row < labels.Length; row++)
        {
            double y = Top + (row + 0.5) * Row, accuracy = after.AccuracyOf(labels[row])!.Value;
            svg.Text(left - 10, y + 4, words[row], "end", 12);
            svg.Text(Width - 10, y + 4, $"{100 * accuracy:f0} % of {after.CountOf(labels[row]):n0}", "end", 12);
            if (before?.AccuracyOf(labels[row]) is { } earlier)
            {
                svg.Add($"""<path d="M{X(earlier):f1} {y:f1}H{X(accuracy):f1}" stroke="var(--first)" stroke-opacity="0.4" stroke-width="3"/>""");
                svg.Add($"""<circle cx="{X(earlier):f1}" cy="{y:f1}" r="4" fill="var(--second)"/>""");
            }
            svg.Add($"""<circle cx="{X(accuracy):f1}" cy="{y:f1}" r="5" fill="var(--first)"/>""");
        }
        return svg.Finish();

        double X(double accuracy) => left + accuracy * (Width - right - left);
    }

    private static void AddLegend(SvgPicture svg, bool hasBoth)
    {
        if (!hasBoth)
        {
            return;
        }
        svg.Add($"""<circle cx="{Width / 2 - 104}" cy="34" r="4" fill="var(--second)"/>""");
        svg.Text(Width / 2 - 94, 38, "before training", "start", 12);
        svg.Add($"""<circle cx="{Width / 2 + 16}" cy="34" r="5" fill="var(--first)"/>""");
        svg.Text(Width / 2 + 26, 38, "after training", "start", 12);
    }
}
