using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using ErLoss.Training.Studies;

namespace ErTraining.Reports;

/// <summary>The figures and the page that a study leaves in its folder.</summary>
internal static class StudyFiles
{
    /// <summary>Writes them. Other processes that worked on the study may be writing the same ones.</summary>
    /// <param name="plan">What was trained.</param>
    /// <param name="folder">Where they go.</param>
    /// <param name="outcomes">One a cell.</param>
    /// <param name="data">The images that all was trained and measured on.</param>
    /// <param name="own">The beginning of a path that this process alone uses, for files that are not whole yet.</param>
    public static void Write(StudyPlan plan, StudyFolder folder, IReadOnlyList<CellOutcome> outcomes, ImageData data, string own)
    {
        using StudyFigure? figure = Save("figure2", StudyMetric.OfPaper), collapse = Save("collapse", StudyMetric.OfCollapse);
        string page = own + ".html";
        StudyReport.Write(page, plan, outcomes, data, figure, collapse);
        AtomicFile.Replace(page, folder.ReportPath);

        StudyFigure? Save(string name, IReadOnlyList<StudyMetric> metrics)
        {
            string png = own + ".png", svg = own + ".svg";
            StudyFigure? drawn = StudyFigure.Create(plan, outcomes, metrics);
            if (drawn is not null)
            {
                drawn.Save(png, svg);
                AtomicFile.Replace(png, folder.FigurePath($"{name}.png"));
                AtomicFile.Replace(svg, folder.FigurePath($"{name}.svg"));
            }
            return drawn;
        }
    }
}
