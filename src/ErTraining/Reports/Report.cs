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
            {{(result is { LinearProbeAccuracyBefore: { } probeBefore, LinearProbeAccuracy: { } probe } ? $"<div>{probe:p1}<span>linear probe ({probeBefore:p1} before)</span></div>" : "")}}
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
            <h2>A map of the test images' features</h2>
            <p class="note">Each point is a test image{(pictures.Maps.ClassNames.Count > 0 ? " in the colour of its class" : "")}; point at one, or tap it, to see the image{(pictures.Maps.Panels.Count > 1 ? ", and where it is in the other map" : "")}. Images next to each other have similar features.
            Distances between groups, the sizes of groups and directions mean little: the map (t-SNE) keeps neighbours together, and nothing else.</p>
            {pictures.Maps.Html()}

            """);
        if (pictures.Classes.Count > 0)
        {
            page.Append("<h2>Class by class</h2>\n");
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{(pictures.Confusion is null ? "" : "Each row of the square is a class of test images: the stronger the colour of a cell, the more of them kNN takes for the class of its column. ")}{HtmlPage.Text(pictures.MostConfused ?? "")}</p>\n");
            bool isBeside = pictures.Confusion is { Width: <= ConfusionPanel.WidthBeside };
            page.Append("<div class=\"curves\">\n").AppendJoin('\n', pictures.Classes.Select(panel => panel.Inline())).Append(isBeside ? pictures.Confusion!.Inline() : "").Append("\n</div>\n");
            page.Append(pictures.Confusion is { } wide && !isBeside ? string.Create(CultureInfo.InvariantCulture, $"<div class=\"matrix\" style=\"--width: {wide.Width}px\">\n{wide.Inline()}</div>\n") : "");
        }
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
