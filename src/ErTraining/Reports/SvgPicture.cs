using System.Globalization;
using System.Text;

namespace ErTraining.Reports;

/// <summary>A picture in the making, as SVG that is legible on light and on dark pages.</summary>
internal sealed class SvgPicture
{
    /// <summary>What a viewer without the page's style needs; within a page the page's colours hold.</summary>
    private const string Style = """
        <style>
        svg { color-scheme: light dark; --ink: #222; --muted: #666; --page: #fff; --grid: #e6e6e6; --first: #30475e; --second: #c0562f; font-family: system-ui, sans-serif; }
        @media (prefers-color-scheme: dark) { svg { --ink: #e6e6e6; --muted: #a0a6ad; --page: #16181b; --grid: #34383d; --first: #8fb8de; --second: #f0936b; } }
        </style>
        """;

    private readonly StringBuilder _svg = new();

    /// <summary>Begins a picture.</summary>
    /// <param name="kind">Its class in the page's style.</param>
    /// <param name="width">Of what is drawn, in pixels; so is <paramref name="height"/>.</param>
    /// <param name="height">See <paramref name="width"/>.</param>
    /// <param name="label">What it shows, for those who do not see it.</param>
    /// <param name="attributes">More attributes of its element.</param>
    public SvgPicture(string kind, int width, int height, string label, string attributes = "")
    {
        Add($"""<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-label="{HtmlPage.Text(label)}"{attributes}>""");
        _svg.Append(Style).Append('\n');
    }

    /// <summary>Adds an element, its numbers written in the invariant culture.</summary>
    public void Add(FormattableString element) => _svg.Append(element.ToString(CultureInfo.InvariantCulture)).Append('\n');

    /// <summary>Adds words.</summary>
    /// <param name="x">Where they are.</param>
    /// <param name="y">Where their base line is.</param>
    /// <param name="text">Plain text.</param>
    /// <param name="anchor">Which end of them is at <paramref name="x"/>: "start", "middle" or "end".</param>
    /// <param name="size">Of the font, in pixels; those of 12 and less are muted.</param>
    /// <param name="attributes">More attributes of the element.</param>
    public void Text(double x, double y, string text, string anchor, int size, string attributes = "") =>
        Add($"""<text x="{x:f1}" y="{y:f1}" text-anchor="{anchor}" font-size="{size}" fill="var({(size > 12 ? "--ink" : "--muted")})"{attributes}>{HtmlPage.Text(text)}</text>""");

    /// <summary>The picture as a document.</summary>
    public string Finish() => _svg.Append("</svg>\n").ToString();

    /// <summary>A finished picture as a page holds it: in the page's colours.</summary>
    public static string Inline(string svg) => svg.Replace(Style, "", StringComparison.Ordinal);
}
