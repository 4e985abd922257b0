using System.Globalization;
using System.Text;

namespace ErTraining.Reports;

/// <summary>A colour for each class, on light and on dark pages. Up to twenty classes are told apart by ten hues, as discs and as rings; more of them go round the circle of hues.</summary>
internal static class ClassColours
{
    private const int MostRings = 20;
    private const double RingWidth = 1.8, GoldenAngle = 137.50776;

    /// <summary>Ten hues that people with any colour vision can mostly tell apart, at a contrast of 3 or more with a white page.</summary>
    private static readonly string[] s_onLight = ["#2f6fb0", "#d0690c", "#2e8b3d", "#cc3340", "#7d53b5", "#8a5a3b", "#d0529f", "#6f747a", "#88810a", "#0f8ba0"];

    /// <summary>The same hues for a dark page.</summary>
    private static readonly string[] s_onDark = ["#6ea8e0", "#f5a14f", "#6cc57a", "#f0737c", "#b394e6", "#c59a7c", "#ee92cc", "#a9afb6", "#cdc54b", "#5ccbdd"];

    /// <summary>Whether so many classes have colours that a reader can tell apart.</summary>
    public static bool AreDistinct(int classCount) => classCount <= MostRings;

    /// <summary>Rules that give circles of class <c>cN</c> the colour of the class N, within an element of a kind.</summary>
    /// <param name="kind">The class of the elements that they are for.</param>
    /// <param name="classCount">0 for images without labels, which have one colour.</param>
    public static string Style(string kind, int classCount)
    {
        var rules = new StringBuilder("<style>\n");
        if (classCount == 0)
        {
            rules.Append(CultureInfo.InvariantCulture, $".{kind} circle {{ fill: var(--first); }}\n");
        }
        else if (AreDistinct(classCount))
        {
            int hues = Math.Min(classCount, s_onLight.Length);
            rules.Append(CultureInfo.InvariantCulture, $".{kind} {{ {Variables(s_onLight[..hues])} }}\n@media (prefers-color-scheme: dark) {{ .{kind} {{ {Variables(s_onDark[..hues])} }} }}\n");
            for (int label = 0; label < classCount; label++)
            {
                rules.Append(label < hues
                    ? $".{kind} .c{label} {{ fill: var(--hue{label}); }}\n"
                    : string.Create(CultureInfo.InvariantCulture, $".{kind} .c{label} {{ fill: none; stroke: var(--hue{label % hues}); stroke-width: {RingWidth}; }}\n"));
            }
        }
        else
        {
            rules.Append(CultureInfo.InvariantCulture, $".{kind} {{ --light: 40%; }}\n@media (prefers-color-scheme: dark) {{ .{kind} {{ --light: 68%; }} }}\n");
            for (int label = 0; label < classCount; label++)
            {
                rules.Append(CultureInfo.InvariantCulture, $".{kind} .c{label} {{ fill: hsl({label * GoldenAngle % 360:f0} 70% var(--light)); }}\n");
            }
        }
        return rules.Append("</style>").ToString();

        static string Variables(string[] colours) => string.Join(' ', colours.Select((colour, hue) => $"--hue{hue}: {colour};"));
    }
}
