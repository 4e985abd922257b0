using ScottPlot;
using SkiaSharp;

namespace ErTraining.Reports;

/// <summary>The font of all plots, carried along: a machine may have none at all, and a plot then would have no words.</summary>
internal sealed class PlotFont : IFontResolver
{
    private const string Family = "DejaVu Sans";

    private PlotFont()
    {
    }

    /// <summary>Makes it the font of every plot from now on.</summary>
    public static void Use()
    {
        if (Fonts.Default != Family)
        {
            Fonts.FontResolvers.Insert(0, new PlotFont());
            Fonts.Default = Family;
        }
    }

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) =>
        CreateTypeface(fontName, FontWeight.Normal, FontSlant.Upright, FontSpacing.Normal);

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing)
    {
        if (fontName != Family)
        {
            return null;
        }
        using Stream font = typeof(PlotFont).Assembly.GetManifestResourceStream("DejaVuSans.ttf")!;
        return SKTypeface.FromStream(font);
    }
}
