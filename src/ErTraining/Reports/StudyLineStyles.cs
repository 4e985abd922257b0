using ErLoss.Training.Methods;
using ErLoss.Training.Studies;
using ScottPlot;

namespace ErTraining.Reports;

/// <summary>How the curves of a study's figure are stroked: one pattern for each form of the methods, which are the native one, the one with ER, and the arms.</summary>
/// <param name="variants">All that have a curve.</param>
internal sealed class StudyLineStyles(IEnumerable<StudyVariant> variants)
{
    private const float SolidWidth = 2, FirstBrokenWidth = 2.25f, WidthStep = 0.01f;

    private static readonly LinePattern s_dashes = new([8, 5], 0, "dashes");

    private static readonly LinePattern[] s_ofArms =
        [new([2, 4], 0, "dots"), new([9, 4, 2, 4], 0, "dashes and dots"), new([16, 5], 0, "long dashes"), new([9, 4, 2, 4, 2, 4], 0, "dashes and pairs of dots")];

    private readonly List<(LineStyle Line, LinePattern Pattern)> _broken = [];
    private readonly (Objective Objective, string? Arm)[] _forms = [.. variants.Select(variant => (variant.Objective, variant.Arm)).Distinct()];

    /// <summary>The forms that there are, as the legend names them, each with what sets its stroke.</summary>
    public IEnumerable<(string Label, Action<LineStyle> SetStroke)> Legend => _forms.Select(form => (Label(form), (Action<LineStyle>)(line => Set(line, form))));

    /// <summary>Strokes a line as the form of a variant is stroked.</summary>
    public void Set(LineStyle line, StudyVariant variant) => Set(line, (variant.Objective, variant.Arm));

    /// <summary>
    /// The figure as SVG with broken lines. Skia's SVG writer knows no dashes: the lines are drawn whole, each pattern in a width that no other line has, by which they are found and get their
    /// dashes.
    /// </summary>
    /// <param name="draw">Draws it as SVG.</param>
    public string Svg(Func<string> draw)
    {
        _broken.ForEach(each => each.Line.Pattern = LinePattern.Solid);
        string svg = draw();
        _broken.ForEach(each => each.Line.Pattern = each.Pattern);
        foreach ((float width, LinePattern pattern) in _broken.Select(each => (each.Line.Width, each.Pattern)).Distinct())
        {
            string stroke = $"stroke-width=\"{width}\"";
            svg = svg.Replace(stroke, $"{stroke} stroke-dasharray=\"{string.Join(' ', pattern.Intervals)}\"", StringComparison.Ordinal);
        }
        return svg;
    }

    private void Set(LineStyle line, (Objective Objective, string? Arm) form)
    {
        if (form == (Objective.Er, null))
        {
            line.Width = SolidWidth;
            return;
        }
        int arm = form.Arm is null ? -1 : Array.IndexOf([.. _forms.Where(each => each.Arm is not null)], form) % s_ofArms.Length;
        line.Width = FirstBrokenWidth + (arm + 1) * WidthStep;
        line.Pattern = arm < 0 ? s_dashes : s_ofArms[arm];
        _broken.Add((line, line.Pattern));
    }

    private static string Label((Objective Objective, string? Arm) form) => (form.Objective == Objective.Er ? "with ER" : "native") + (form.Arm is { } arm ? $" ({arm})" : "");
}
