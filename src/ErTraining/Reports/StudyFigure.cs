using System.Text;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Studies;
using ScottPlot;
using SkiaSharp;

namespace ErTraining.Reports;

/// <summary>
/// Metrics over epochs, a row each, a column a method, a curve a variant; one legend. Colour says what sets a variant apart from its reference, dashes the loss and the arm; bands are the span of the seeds. With equal steps at all
/// batch sizes the curves are over steps.
/// </summary>
internal sealed class StudyFigure : IDisposable
{
    private const int PanelWidth = 270, PanelHeight = 180; // of the data alone
    private const int Left = 64, FirstLeft = 92, Right = 14, Top = 14, FirstTop = 40, Bottom = 26, LastBottom = 50, LegendGap = 14;
    private const int PixelsAPoint = 2; // of the PNG
    private const int MostEpochsWithMarkers = 12;
    private const int XIntervals = 6, YIntervals = 6;
    private const double EpochMargin = 0.04;

    private static readonly Color[] s_colours =
        [.. new[] { "#30475e", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#b58900", "#56b4e9", "#7f3b08" }.Select(Color.FromHex)];

    private readonly IReadOnlyList<StudyMetric> _metrics;
    private readonly IReadOnlyList<string> _methods;
    private readonly IReadOnlyList<string> _kinds;
    private readonly List<(Plot Plot, PixelRect Place)> _panels = [];
    private readonly Plot _legend = new();
    private readonly StudyLineStyles _strokes;
    private readonly bool _isOverSteps;
    private readonly int _longest; // of the curves, in epochs or in steps

    /// <summary>The figure of the methods that have curves; null if none has.</summary>
    /// <param name="plan">What was trained.</param>
    /// <param name="outcomes">One a cell.</param>
    /// <param name="metrics">The rows; null for those of the paper's Figure 2.</param>
    public static StudyFigure? Create(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes, IReadOnlyList<StudyMetric>? metrics = null) =>
        outcomes.Any(outcome => outcome.Epochs.Count > 0) ? new StudyFigure(plan, outcomes, metrics ?? StudyMetric.OfPaper) : null;

    private StudyFigure(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes, IReadOnlyList<StudyMetric> metrics)
    {
        PlotFont.Use();
        _metrics = metrics;
        _isOverSteps = plan.Settings.Budget == StudyBudget.Steps;
        _longest = (int)outcomes.Where(outcome => outcome.Epochs.Count > 0).Max(outcome => outcome.Cell.Settings.Epochs * Unit(outcome.Cell));
        _methods = [.. plan.Settings.ValuesOf(StudyAxis.Method).Where(method => outcomes.Any(outcome => outcome.Cell.Variant.Method == method && outcome.Epochs.Count > 0))];
        StudyVariant[] variants = [.. outcomes.Select(outcome => outcome.Cell.Variant).Distinct()];
        _kinds = [.. variants.OrderByDescending(variant => variant.Values.Count).Select(variant => Kind(variant, plan)).Distinct()];
        _strokes = new StudyLineStyles(variants);
        ILookup<StudyVariant, CellOutcome> byVariant = outcomes.ToLookup(outcome => outcome.Cell.Variant);
        foreach ((StudyMetric metric, int row) in metrics.Select((metric, row) => (metric, row)))
        {
            foreach ((string method, int column) in _methods.Select((method, column) => (method, column)))
            {
                Plot plot = Panel(metric, plan.Registry.Methods[method].Title, row, column);
                foreach (StudyVariant variant in variants.Where(variant => variant.Method == method))
                {
                    IReadOnlyList<CurvePoint> points = StudyCurves.Points(byVariant[variant], metric.OfEpoch, metric.BeforeTraining);
                    Draw(plot, points, Unit(byVariant[variant].First().Cell), Colour(Kind(variant, plan)), variant);
                }
                plot.Axes.AutoScale();
                plot.Axes.SetLimitsX(-EpochMargin * _longest, (1 + EpochMargin) * _longest);
                _panels.Add((plot, Place(row, column)));
            }
            if (metric.HasCommonScale)
            {
                ShareScale([.. _panels.TakeLast(_methods.Count).Select(panel => panel.Plot)]);
            }
        }
        _panels.ForEach(panel => SetTicks(panel.Plot, _longest));
        FillLegend();

        double Unit(StudyCell cell) => _isOverSteps && outcomes.FirstOrDefault(outcome => outcome.Result is not null)?.Result is { } result ? result.Images / cell.Settings.BatchSize : 1;
    }

    /// <summary>Where a panel is, so that the data of all are the same size whatever labels they have beside them.</summary>
    private PixelRect Place(int row, int column)
    {
        int left = column == 0 ? 0 : FirstLeft - Left + column * (Left + PanelWidth + Right);
        int top = row == 0 ? 0 : FirstTop - Top + row * (Top + PanelHeight + Bottom);
        int bottom = (row + 1) * (Top + PanelHeight + Bottom) + FirstTop - Top + (row == _metrics.Count - 1 ? LastBottom - Bottom : 0);
        return new PixelRect(left, FirstLeft - Left + (column + 1) * (Left + PanelWidth + Right), bottom, top);
    }

    private PixelRect LastPlace => Place(_metrics.Count - 1, _methods.Count - 1);

    /// <summary>Width at which its words have the size that they are written in, in pixels.</summary>
    public int Width => (int)LastPlace.Right;

    private int Height => (int)Math.Ceiling(LastPlace.Bottom + LegendGap + LegendSize().Height);

    /// <summary>The figure as SVG that scales with its container. It has no background, so that a dark page can turn its colours.</summary>
    public string Picture() => HtmlPage.Picture(Svg(SKColors.Transparent), Width, Height);

    /// <summary>Writes it as pixels and as curves.</summary>
    public void Save(string pngPath, string svgPath)
    {
        using var bitmap = new SKBitmap(Width * PixelsAPoint, Height * PixelsAPoint);
        using var canvas = new SKCanvas(bitmap);
        canvas.Scale(PixelsAPoint);
        canvas.Clear(SKColors.White);
        Render(canvas);
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, quality: 100);
        AtomicFile.Write(pngPath, png.SaveTo);
        AtomicFile.Write(svgPath, stream => stream.Write(Encoding.UTF8.GetBytes(Svg(SKColors.White))));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((Plot plot, _) in _panels)
        {
            plot.Dispose();
        }
        _legend.Dispose();
    }

    /// <summary>The figure as SVG. The number of rows tells apart the clipping areas of the two figures of a page.</summary>
    private string Svg(SKColor background) => _strokes.Svg(() => SkiaSvg.Draw(Width, Height, background, Render, $"clip-{_metrics.Count}"));

    private void Render(SKCanvas canvas)
    {
        foreach ((Plot plot, PixelRect place) in _panels)
        {
            plot.Render(canvas, place);
        }
        using var paint = Paint.NewDisposablePaint();
        _legend.Legend.Render(canvas, paint, new PixelRect(0, Width, Height, LastPlace.Bottom + LegendGap), Alignment.UpperCenter);
    }

    private PixelSize LegendSize()
    {
        using var paint = Paint.NewDisposablePaint();
        return _legend.Legend.GetLayout(new PixelSize(Width, 1000), paint).LegendRect.Size;
    }

    private Plot Panel(StudyMetric metric, string title, int row, int column)
    {
        var plot = new Plot();
        plot.RenderManager.ClearCanvasBeforeEachRender = false; // others are on it
        bool isLast = row == _metrics.Count - 1;
        plot.Layout.Fixed(new PixelPadding(column == 0 ? FirstLeft : Left, Right, isLast ? LastBottom : Bottom, row == 0 ? FirstTop : Top));
        if (row == 0)
        {
            plot.Title(title, 16);
        }
        if (column == 0)
        {
            plot.YLabel(metric.Label, 13);
            plot.Axes.Left.MinimumSize = FirstLeft; // one line of labels, whatever the numbers' width
        }
        if (isLast)
        {
            plot.XLabel(_isOverSteps ? "step" : "epoch", 13);
        }
        plot.FigureBackground.Color = plot.DataBackground.Color = Colors.Transparent;
        plot.Grid.MajorLineColor = Colors.Black.WithAlpha(0.08);
        plot.Axes.Right.FrameLineStyle.IsVisible = plot.Axes.Top.FrameLineStyle.IsVisible = false;
        return plot;
    }

    private void Draw(Plot plot, IReadOnlyList<CurvePoint> points, double unit, Color colour, StudyVariant variant)
    {
        double[] epochs = [.. points.Select(point => unit * point.Epoch)];
        if (points.Any(point => point.Most > point.Least))
        {
            var band = plot.Add.FillY(epochs, [.. points.Select(point => point.Least)], [.. points.Select(point => point.Most)]);
            band.FillColor = colour.WithAlpha(0.15);
            band.LineWidth = 0;
            band.MarkerSize = 0;
        }
        var line = plot.Add.Scatter(epochs, [.. points.Select(point => point.Mean)], colour);
        _strokes.Set(line.LineStyle, variant);
        line.MarkerSize = points.Count > MostEpochsWithMarkers ? 0 : 4;
    }

    private void FillLegend()
    {
        Legend legend = _legend.Legend;
        legend.Orientation = Orientation.Horizontal;
        legend.TightHorizontalWrapping = true;
        legend.FontSize = 14;
        legend.SymbolWidth = 34;
        legend.InterItemPadding = new PixelPadding(8, 16, 3, 3);
        legend.OutlineWidth = 0;
        legend.ShadowColor = legend.BackgroundColor = Colors.Transparent;
        legend.ManualItems.AddRange(_kinds.Select(kind => new LegendItem { LabelText = kind, LineColor = Colour(kind), LineWidth = 4 }));
        (string Label, Action<LineStyle> SetStroke)[] forms = [.. _strokes.Legend];
        foreach ((string label, Action<LineStyle> setStroke) in forms.Length > 1 ? forms : [])
        {
            var item = new LegendItem { LabelText = label, LineColor = Colors.Black };
            setStroke(item.LineStyle);
            legend.ManualItems.Add(item);
        }
    }

    /// <summary>What a colour stands for: the reference by what it is, every other variant by what sets it apart.</summary>
    private static string Kind(StudyVariant variant, StudyPlan plan)
    {
        StudyVariant reference = plan.Reference(variant);
        return !variant.Equals(reference)
            ? variant.Variation(reference)
            : string.Join(", ", reference.Columns.Where(value => value.Word is not (StudyAxis.Ema or StudyAxis.Centering)).Select(value => value.Label));
    }

    private Color Colour(string kind) => s_colours[_kinds.ToList().IndexOf(kind) % s_colours.Length];

    private static void ShareScale(Plot[] plots)
    {
        AxisLimits[] limits = [.. plots.Select(plot => plot.Axes.GetLimits())];
        foreach (Plot plot in plots)
        {
            plot.Axes.SetLimitsY(limits.Min(l => l.Bottom), limits.Max(l => l.Top));
        }
    }

    /// <summary>Numbers with the same decimals and a true minus sign, as the other plots have them.</summary>
    private static void SetTicks(Plot plot, int longest)
    {
        CoordinateRange range = plot.Axes.GetLimits().YRange;
        plot.Axes.Left.TickGenerator = Manual(AxisTicks.Around(range.Min, range.Max, YIntervals).Ticks.Where(tick => range.Contains(tick.Value)));
        plot.Axes.Bottom.TickGenerator = Manual(AxisTicks.Whole(0, longest, XIntervals).Ticks);

        static ScottPlot.TickGenerators.NumericManual Manual(IEnumerable<(double Value, string Label)> ticks) =>
            new([.. ticks.Select(tick => tick.Value)], [.. ticks.Select(tick => tick.Label)]);
    }
}
