using System.Globalization;
using System.Text;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Settings;
using ErLoss.Training.Statistics;

namespace ErTraining.Reports;

/// <summary>report.html: a run on one page that needs no other file: what was learnt, curves, views, settings.</summary>
internal static class Report
{
    /// <summary>Writes the page.</summary>
    /// <param name="path">Of the page.</param>
    /// <param name="registry">Names its kinds.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="data">What it trained on.</param>
    /// <param name="result">What it came to.</param>
    /// <param name="pictures">Its pictures.</param>
    public static void Write(string path, Registry registry, RunSettings settings, ImageData data, RunResult result, RunPictures pictures)
    {
        string title = $"{settings.Method.Title}, {(settings.Method.Objective == Objective.Er ? "entropy–reconstruction" : "native")} loss";
        string subtitle = $"{data.Name}, {data.Counts}{(data.WhyNoAccuracy is { } why && data.Train.HasLabels ? $" (no accuracy, since {why})" : "")}; {registry.Document.NameOf(settings.Encoder)}; "
            + $"{Quantity.Of(result.Epochs, "epoch")} on {result.Device} in {result.Seconds:n0} s";
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $$"""
            <div class="figures">
            {{(result.KnnAccuracyBefore is { } before ? $"<div>{before:p1}<span>kNN accuracy before{Interval(result.KnnAccuracyBeforeInterval)}</span></div>" : "")}}
            {{(result.KnnAccuracy is { } after ? $"<div>{after:p1}<span>kNN accuracy after{Interval(result.KnnAccuracyInterval)}</span></div>" : "")}}
            {{(result is { ViewRetrievalBefore: { } found, ViewRetrieval: { } finds } ? $"<div>{finds:p1}<span>view retrieval ({found:p1} before): the nearest of {2 * Evaluator.RetrievedImages(result.TestImages):n0} projections is the other view of the same test image</span></div>" : "")}}
            {{(result.MutualInformationBound is { } bound ? $"<div>{AxisTicks.Label(bound, 2)}<span>nats, bound on what the views share</span></div>" : "")}}
            <div>{{result.ImagesPerSecond:n0}}<span>images a second</span></div>
            </div>

            """);
        if (pictures.Curves.Count > 0)
        {
            page.Append("<h2>Curves</h2>\n<div class=\"curves\">\n");
            page.AppendJoin('\n', pictures.Curves.Select(panel => panel.Inline())).Append("\n</div>\n");
        }
        page.Append(CultureInfo.InvariantCulture, $"""
            <h2>Two views of an image{(settings.Crops.SmallCrops > 0 ? " and small crops" : "")}, as the encoder sees them</h2>
            {Picture($"Training images, with two random views of each below it{(settings.Crops.SmallCrops > 0 ? ", and below them small crops" : "")}", pictures.Views)}
            <h2>Test images, each with the training images whose features are nearest</h2>
            <div class="pair">
            {pictures.NeighboursBefore.Html("before", "Before training")}
            {pictures.NeighboursAfter.Html("after", "After training")}
            </div>

            """);
        page.Append("<h2>Settings</h2>\n<div class=\"scroll\"><table>\n");
        foreach (Setting setting in registry.Document.In(settings))
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{setting.Path}</td><td>{HtmlPage.Text(setting.Show(settings))}</td></tr>\n");
        }
        page.Append("</table></div>\n");
        HtmlPage.Write(path, title, subtitle, page);
    }

    private static string Interval(ConfidenceInterval? interval) => interval is null ? "" : $"<br>95% interval: {interval.ToString("p1")}";

    private static string Picture(string says, byte[] png) => $"<img class=\"sheet\" alt=\"{says}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">";
}
