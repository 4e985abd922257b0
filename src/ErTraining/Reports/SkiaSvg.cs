using System.Text;
using System.Text.RegularExpressions;
using SkiaSharp;

namespace ErTraining.Reports;

/// <summary>Pictures that Skia writes as SVG.</summary>
internal static partial class SkiaSvg
{
    /// <summary>Draws a picture. The same picture gives the same text: Skia numbers the clipping areas of all pictures of a process, and here they are numbered within the picture.</summary>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    /// <param name="background">What it is drawn on.</param>
    /// <param name="render">Draws it.</param>
    /// <param name="clips">What the names of its clipping areas begin with, which no other picture of a page may have.</param>
    public static string Draw(int width, int height, SKColor background, Action<SKCanvas> render, string clips)
    {
        using var stream = new MemoryStream();
        using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(width, height), stream))
        {
            canvas.Clear(background);
            render(canvas);
        }
        var numbers = new Dictionary<string, int>();
        return ClipName().Replace(Encoding.UTF8.GetString(stream.ToArray()), name =>
        {
            numbers.TryAdd(name.Value, numbers.Count);
            return $"{clips}-{numbers[name.Value]}";
        });
    }

    [GeneratedRegex("cl_[0-9a-f]+")]
    private static partial Regex ClipName();
}
