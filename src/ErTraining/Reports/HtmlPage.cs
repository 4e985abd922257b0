using System.Net;
using System.Text;
using ErLoss.SelfSupervised.IO;

namespace ErTraining.Reports;

/// <summary>A page that needs no other file: what all reports look like.</summary>
internal static class HtmlPage
{
    private const string Style = """
        :root { color-scheme: light dark; --ink: #222; --muted: #666; --page: #fff; --line: #eee; --rule: #999; --grid: #e6e6e6; --first: #30475e; --second: #c0562f; --right: #1b7f3b; --wrong: #b3261e; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --muted: #a0a6ad; --page: #16181b; --line: #2b2f33; --rule: #6b7178; --grid: #34383d; --first: #8fb8de; --second: #f0936b; --right: #62c881; --wrong: #ff8a80; }
          .wide svg { filter: invert(1) hue-rotate(180deg); } }
        * { box-sizing: border-box; } body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
        h1, p { overflow-wrap: anywhere; } h1 { font-size: 1.6rem; line-height: 1.25; margin-bottom: .2rem; } h2 { font-size: 1.15rem; line-height: 1.3; margin-top: 2.2rem; } p.sub, p.note { color: var(--muted); } p.sub { margin-top: 0; } p.note { font-size: .85rem; }
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(12.5rem, 42%), 1fr)); gap: 1rem 2rem; } .figures div { font-size: 1.7rem; font-weight: 600; }
        .figures span { display: block; font-size: .85rem; line-height: 1.35; font-weight: 400; color: var(--muted); }
        .curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); gap: 1rem; } .curves svg, .wide svg { width: 100%; height: auto; } .wide svg { min-width: 44rem; }
        .wide { width: min(96vw, 92rem); margin-left: 50%; transform: translateX(-50%); overflow-x: auto; } .scroll { overflow-x: auto; }
        caption { text-align: left; color: var(--muted); font-size: .85rem; padding-bottom: .4rem; min-height: 3em; }
        .beside { display: flex; flex-wrap: wrap; gap: 1rem 2rem; } .beside > div { max-width: 100%; overflow-x: auto; } .beside table { font-size: .85rem; } .beside table + table { margin-top: 1rem; } .beside td, .beside th { padding-right: 1rem; }
        .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1.5rem; } figure { margin: 0; } figcaption { color: var(--muted); font-size: .85rem; margin-bottom: .4rem; }
        .sheet { image-rendering: pixelated; } img.sheet { width: 100%; } .hidden { position: absolute; width: 0; height: 0; }
        .found { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(9rem, 45%), 1fr)); gap: 1rem; } .found figcaption { overflow-wrap: anywhere; } .found b { color: var(--ink); }
        .near { display: grid; gap: .25rem; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); } .near div { position: relative; border-radius: 3px; padding: 2px; min-width: 0; } .near svg { display: block; width: 100%; height: auto; } .near span { display: block; font-size: .68rem; line-height: 1.4; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
        .near b { position: absolute; top: 3px; right: 3px; padding: 0 3px; border-radius: 2px; font-size: .7rem; line-height: 1.2; color: var(--page); }
        .near .right b { background: var(--right); } .near .wrong b { background: var(--wrong); } @media (max-width: 34rem) { .near { grid-template-columns: repeat(var(--few), minmax(0, 1fr)); } .near .far { display: none; } }
        .near .query { font-weight: 600; margin-right: .4rem; } .near .right span { color: var(--right); } .near .wrong span { color: var(--wrong); } .near .right { box-shadow: inset 0 0 0 2px var(--right); } .near .wrong { box-shadow: inset 0 0 0 1px var(--line); }
        .maps { position: relative; } .maps .pair { grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); } .maps svg.map { width: 100%; height: auto; cursor: crosshair; touch-action: manipulation; } .mark { display: none; fill: none; stroke: var(--ink); stroke-width: 2; } .mark.on { display: inline; }
        .spot { position: absolute; z-index: 1; width: 8.5rem; padding: .5rem; border: 1px solid var(--rule); border-radius: 4px; background: var(--page); text-align: center; font-size: .8rem; line-height: 1.3; overflow-wrap: anywhere; pointer-events: none; } .spot svg { display: block; margin: 0 auto; }
        .keys { display: flex; flex-wrap: wrap; gap: .3rem; margin-top: .6rem; } .key { font: inherit; font-size: .85rem; color: var(--ink); background: none; border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem; cursor: pointer; max-width: 100%; overflow-wrap: anywhere; text-align: start; } .key[aria-pressed=true] { border-color: var(--ink); } .key svg { margin-right: .35rem; vertical-align: -1px; }
        .matrix { position: relative; left: 50%; transform: translateX(-50%); width: min(96vw, max(100%, var(--width))); overflow-x: auto; } .matrix svg { display: block; margin: 0 auto; }
        table { border-collapse: collapse; font-size: .9rem; } td, th { padding: .15rem 1.5rem .15rem 0; border-bottom: 1px solid var(--line); text-align: left; }
        table.numbers td, table.numbers th { font-variant-numeric: tabular-nums; } table.numbers th { font-weight: 600; border-bottom-color: var(--rule); vertical-align: bottom; }
        table.numbers tr.group td { border-top: 1.5px solid var(--rule); } td.n, th.n { text-align: right; } td.n { white-space: nowrap; } tr > :last-child { padding-right: 0; } .failed { color: var(--wrong); } summary { cursor: pointer; }
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
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{Text(title)}</title><style>{Style}</style></head><body>
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
