using System.Net;
using System.Text;
using ErLoss.SelfSupervised.IO;

namespace ErTraining.Reports;

/// <summary>A page that needs no other file: what all reports look like.</summary>
internal static class HtmlPage
{
    private const string Style = """
        body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; } p.sub, p.note { color: #666; } p.sub { margin-top: 0; } p.note { font-size: .85rem; }
        .figures { display: flex; gap: 2.5rem; flex-wrap: wrap; } .figures div { font-size: 1.7rem; font-weight: 600; }
        .figures span { display: block; font-size: .85rem; font-weight: 400; color: #666; }
        .curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1rem; } .curves svg, .wide svg { width: 100%; height: auto; }
        .wide { width: min(96vw, 92rem); margin-left: 50%; transform: translateX(-50%); overflow-x: auto; }
        caption { text-align: left; color: #666; font-size: .85rem; padding-bottom: .4rem; min-height: 3em; }
        .beside { display: flex; flex-wrap: wrap; gap: 1rem 2rem; } .beside table { font-size: .85rem; } .beside td, .beside th { padding-right: 1rem; }
        .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 1.5rem; } figure { margin: 0; } figcaption { color: #666; font-size: .85rem; }
        img.sheet { image-rendering: pixelated; width: 100%; }
        table { border-collapse: collapse; font-size: .9rem; } td, th { padding: .15rem 1.5rem .15rem 0; border-bottom: 1px solid #eee; text-align: left; }
        table.numbers td, table.numbers th { font-variant-numeric: tabular-nums; } table.numbers th { font-weight: 600; border-bottom-color: #999; vertical-align: bottom; }
        table.numbers tr.group td { border-top: 1.5px solid #999; } td.n, th.n { text-align: right; } tr > :last-child { padding-right: 0; } .failed { color: #b3261e; } summary { cursor: pointer; }
        """;

    /// <summary>Writes a page.</summary>
    /// <param name="path">The file, made or replaced.</param>
    /// <param name="title">Plain text.</param>
    /// <param name="subtitle">Plain text.</param>
    /// <param name="body">HTML.</param>
    public static void Write(string path, string title, string subtitle, StringBuilder body)
    {
        string page = $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>{Text(title)}</title><style>{Style}</style></head><body>
            <h1>{Text(title)}</h1>
            <p class="sub">{Text(subtitle)}</p>
            {body}</body></html>

            """;
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(page)));
    }

    /// <summary>Plain text as HTML.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A picture as a page holds it: without the XML declaration, which has no place there, and scaling with its container.</summary>
    /// <param name="svg">As the plots' library writes it.</param>
    /// <param name="width">As written in it, in pixels; so is <paramref name="height"/>.</param>
    /// <param name="height">See <paramref name="width"/>.</param>
    public static string Picture(string svg, int width, int height)
    {
        int start = svg.IndexOf("<svg", StringComparison.Ordinal), end = svg.IndexOf('>', start);
        string tag = svg[start..end].Replace(
            $"width=\"{width}\" height=\"{height}\"", $"viewBox=\"0 0 {width} {height}\"", StringComparison.Ordinal);
        return tag + svg[end..];
    }
}
