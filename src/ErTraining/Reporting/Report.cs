using System.Globalization;
using System.Text;
using ErTraining.Data;
using ErTraining.Training;
using static TorchSharp.torch;

namespace ErTraining.Reporting;

/// <summary>report.html: a run on one page that needs no other file: what was learnt, curves, views, settings.</summary>
internal static class Report
{
    private const int ImagesShown = 16;

    /// <summary>Writes the page.</summary>
    public static void Write(
        string path, TrainingSettings settings, ImageData data, RunResult result, IReadOnlyList<EpochMetrics> epochs, Device device)
    {
        string title = $"{settings.Method}, {(settings.Objective == Methods.Objective.Er ? "entropy–reconstruction" : "native")} loss";
        string subtitle = $"{data.Name}, {data.Train.Count:n0} training and {data.Test.Count:n0} test images; {settings.Encoder}; "
            + $"{result.Epochs} epochs on {result.Device} in {result.Seconds:n0} s";
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $$"""
            <div class="figures">
            <div>{{result.KnnAccuracyBefore:p1}}<span>kNN accuracy before</span></div>
            <div>{{result.KnnAccuracy:p1}}<span>kNN accuracy after</span></div>
            {{(result.MutualInformationBound is { } bound ? $"<div>{bound:f2}<span>nats, bound on what the views share</span></div>" : "")}}
            <div>{{result.ImagesPerSecond:n0}}<span>images a second</span></div>
            </div>

            """);
        if (epochs.Count > 0)
        {
            page.Append("<h2>Curves</h2>\n<div class=\"curves\">\n");
            page.AppendJoin('\n', Panels(result, epochs)).Append("\n</div>\n");
        }
        page.Append(CultureInfo.InvariantCulture, $"""
            <h2>Two views of an image, as the encoder sees them</h2>
            <img class="sheet" alt="Training images, with two random views of each below it" src="data:image/png;base64,{Convert.ToBase64String(Views(data, settings.Seed, device))}">
            <h2>Settings</h2>
            <table>

            """);
        foreach ((string name, string value) in JsonFormat.Describe(settings))
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{name}</td><td>{HtmlPage.Text(value)}</td></tr>\n");
        }
        page.Append("</table>\n");
        HtmlPage.Write(path, title, subtitle, page);
    }

    private static IEnumerable<string> Panels(RunResult result, IReadOnlyList<EpochMetrics> epochs) =>
    [
        Curves.Panel(
            "kNN accuracy, %",
            ("kNN", [(0, 100 * result.KnnAccuracyBefore), .. Curves.Of(epochs, e => 100 * e.KnnAccuracy)])),
        Curves.Panel(
            "Entropy and reconstruction, nats",
            ("entropy", Curves.Of(epochs, e => e.Entropy)),
            ("reconstruction", Curves.Of(epochs, e => e.Reconstruction))),
        Curves.Panel("Mutual-information bound, nats", ("bound", Curves.Of(epochs, e => e.MutualInformationBound))),
        Curves.Panel("Loss, nats", ("loss", Curves.Of(epochs, e => e.Loss))),
    ];

    private static byte[] Views(ImageData data, int seed, Device device)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed, device);
        int count = Math.Min(ImagesShown, data.Train.Count);
        using var images = new ImageTensors(data.Train.Take(count), device);
        (Tensor first, Tensor second) = TwoViews.Of(images.Pixels, generator);
        return ImageSheet.Png(Pixels.ToUnit(images.Pixels), Pixels.Uncenter(first), Pixels.Uncenter(second));
    }
}
