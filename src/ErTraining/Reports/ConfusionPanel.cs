using System.Globalization;
using System.Text;
using ErLoss.SelfSupervised.Evaluation;

namespace ErTraining.Reports;

/// <summary>A confusion matrix as a picture: a row for each class of the images, a column for each class that they were taken for. The stronger the colour of a cell, the more of the images of its row are in it.</summary>
/// <param name="Svg">The picture as an SVG document.</param>
/// <param name="Width">Of the picture, in pixels.</param>
internal sealed record ConfusionPanel(string Svg, int Width)
{
    /// <summary>The most classes that are drawn: the cells of more would be too small.</summary>
    public const int MostClasses = 200;

    /// <summary>The width up to which a picture is legible in half of a page.</summary>
    public const int WidthBeside = 560;

    private const int MostWithNumbers = 12, MostLarge = 40, Shades = 10, MostLetters = 18, Top = 44, Gap = 6, Edge = 12;
    private const double StrongShade = 0.6, LetterWidth = 0.58;

    /// <summary>Draws a matrix of up to <see cref="MostClasses"/> classes.</summary>
    /// <param name="confusion">The matrix.</param>
    /// <param name="names">Names of the classes, by label.</param>
    public static ConfusionPanel Draw(ConfusionMatrix confusion, IReadOnlyList<string> names)
    {
        int classes = confusion.ClassCount, cell = classes <= MostWithNumbers ? 36 : classes <= MostLarge ? 20 : 10, font = Math.Min(12, cell);
        string[] words = [.. names.Select(name => ShortName.Of(name, MostLetters))];
        int room = (int)Math.Ceiling(font * LetterWidth * words.Max(ShortName.Width)) + Gap, left = 20 + room, top = Top + room, side = classes * cell;
        int width = left + side + Edge;
        var svg = new SvgPicture("confusion", width, top + side + Edge, "Confusion of classes by kNN, in % of the images of a class");
        svg.Text(width / 2.0, 18, classes <= MostWithNumbers ? "Confusion by kNN, % of a class's images" : "Confusion by kNN", "middle", 15);
        svg.Text(left + side / 2.0, 38, "taken for", "middle", 12);
        svg.Text(14, top + side / 2.0, "images of", "middle", 12, string.Create(CultureInfo.InvariantCulture, $" transform=\"rotate(-90 14 {top + side / 2.0:f1})\""));
        for (int label = 0; label < classes; label++)
        {
            double middle = (label + 0.5) * cell + font * 0.35, x = left + middle;
            svg.Text(left - Gap, top + middle, words[label], "end", font);
            svg.Text(x, top - Gap, words[label], "start", font, string.Create(CultureInfo.InvariantCulture, $" transform=\"rotate(-90 {x:f1} {top - Gap})\""));
        }
        svg.Add($"""<rect x="{left - 0.5:f1}" y="{top - 0.5:f1}" width="{side + 1}" height="{side + 1}" fill="none" stroke="var(--grid)"/>""");
        AddCells(svg, confusion, left, top, cell);
        if (classes <= MostWithNumbers)
        {
            AddNumbers(svg, confusion, left, top, cell);
        }
        return new ConfusionPanel(svg.Finish(), width);
    }

    /// <summary>The picture as a page holds it.</summary>
    public string Inline() => SvgPicture.Inline(Svg);

    /// <summary>The pairs of different classes with the most images, as a sentence; null if there are none.</summary>
    /// <param name="confusion">The matrix.</param>
    /// <param name="names">Names of the classes, by label.</param>
    /// <param name="most">The most pairs that are named.</param>
    public static string? MostFrequent(ConfusionMatrix confusion, IReadOnlyList<string> names, int most)
    {
        string[] pairs =
        [
            .. confusion.Pairs.Where(pair => pair.Label != pair.Prediction).OrderByDescending(pair => pair.Count).Take(most)
                .Select(pair => $"{names[pair.Label]} taken for {names[pair.Prediction]} ({pair.Count:n0} of {confusion.CountOf(pair.Label):n0})"),
        ];
        return pairs.Length == 0 ? null : $"The most frequent confusions: {string.Join(", ", pairs)}.";
    }

    /// <summary>One path for all cells of a shade and colour. The shade is the root of the fraction, so that rare confusions are seen, too.</summary>
    private static void AddCells(SvgPicture svg, ConfusionMatrix confusion, int left, int top, int cell)
    {
        var paths = new SortedDictionary<(bool IsRight, int Shade), StringBuilder>();
        foreach ((int label, int prediction, long count) in confusion.Pairs)
        {
            int shade = (int)Math.Ceiling(Shades * Math.Sqrt((double)count / confusion.CountOf(label)));
            if (!paths.TryGetValue((label == prediction, shade), out StringBuilder? path))
            {
                paths.Add((label == prediction, shade), path = new StringBuilder());
            }
            path.Append(CultureInfo.InvariantCulture, $"M{left + prediction * cell} {top + label * cell}h{cell}v{cell}h-{cell}z");
        }
        foreach (((bool isRight, int shade), StringBuilder path) in paths)
        {
            svg.Add($"""<path fill="var({(isRight ? "--first" : "--second")})" fill-opacity="{(double)shade / Shades:f1}" d="{path}"/>""");
        }
    }

    private static void AddNumbers(SvgPicture svg, ConfusionMatrix confusion, int left, int top, int cell)
    {
        foreach ((int label, int prediction, long count) in confusion.Pairs)
        {
            double fraction = (double)count / confusion.CountOf(label);
            svg.Add($"""<text x="{left + (prediction + 0.5) * cell:f1}" y="{top + (label + 0.5) * cell + 4:f1}" text-anchor="middle" font-size="12" fill="var({(Math.Sqrt(fraction) > StrongShade ? "--page" : "--ink")})">{(fraction < 0.01 ? "&lt;1" : $"{100 * fraction:f0}")}</text>""");
        }
    }
}
