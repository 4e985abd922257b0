using System.Globalization;
using System.Text;
using ErLoss.Training;
using ErLoss.Training.Data;

namespace ErTraining.Reports;

/// <summary>The page of a search: an image, and the images of a folder whose features are nearest, each with its path and cosine.</summary>
internal static class SearchPage
{
    /// <summary>An image that was found.</summary>
    /// <param name="Image">The image.</param>
    /// <param name="File">Its file; null if it has none of its own.</param>
    /// <param name="Cosine">The cosine of its features and those of the image that was looked for.</param>
    /// <param name="Png">The image as the encoder sees it.</param>
    internal sealed record Match(ListedImage Image, string? File, double Cosine, byte[] Png);

    /// <summary>Writes the page.</summary>
    /// <param name="path">Of the page.</param>
    /// <param name="query">The file of the image that was looked for.</param>
    /// <param name="queryPng">The image as the encoder sees it.</param>
    /// <param name="matches">Nearest first.</param>
    /// <param name="searched">What was searched, and with which encoder, as plain text.</param>
    public static void Write(string path, string query, byte[] queryPng, IReadOnlyList<Match> matches, string searched)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var page = new StringBuilder();
        page.Append("<h2>The image</h2>\n<div class=\"found\">\n");
        Cell(query, query, null, queryPng, "");
        page.Append(CultureInfo.InvariantCulture, $"</div>\n<h2>{Quantity.Of(matches.Count, "image")} whose features are nearest</h2>\n<div class=\"found\">\n");
        foreach (Match match in matches)
        {
            Cell(match.Image.Path, match.File, match.Cosine, match.Png, match.Image.Label);
        }
        page.Append("</div>\n<p class=\"note\">Images are shown as the encoder sees them. The number is the cosine of the features: 1 is the same direction.</p>\n");
        HtmlPage.Write(path, $"Images like {Path.GetFileName(query)}", searched, page);

        void Cell(string name, string? file, double? cosine, byte[] png, string label)
        {
            string picture = $"<img class=\"sheet\" alt=\"{HtmlPage.Text(name)}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">";
            page.Append(CultureInfo.InvariantCulture, $"<figure>{(file is null ? picture : $"<a href=\"{Link(file)}\">{picture}</a>")}<figcaption>{(cosine is null ? "" : $"<b>{cosine:f3}</b> ")}{HtmlPage.Text(name)}")
                .Append(label.Length == 0 || name.Contains($"{label}/", StringComparison.Ordinal) ? "" : $" ({HtmlPage.Text(label)})")
                .Append("</figcaption></figure>\n");
        }

        // Each part is escaped, so that no character of a name is taken for one of the address.
        string Link(string file) => string.Join('/', Path.GetRelativePath(folder, Path.GetFullPath(file)).Split(Path.DirectorySeparatorChar).Select(Uri.EscapeDataString));
    }
}
