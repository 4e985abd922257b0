using System.Globalization;
using System.Text;
using ErTraining.Data;
using ErTraining.Methods;
using ErTraining.Randomness;
using ErTraining.Settings;
using ErTraining.Statistics;
using ErTraining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Reporting;

/// <summary>report.html: a run on one page that needs no other file: what was learnt, curves, views, settings.</summary>
internal static class Report
{
    private const int ImagesShown = 16;

    /// <summary>Writes the page.</summary>
    /// <param name="path">Of the page.</param>
    /// <param name="registry">Names its kinds.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="data">What it trained on.</param>
    /// <param name="result">What it came to.</param>
    /// <param name="epochs">Its epochs.</param>
    /// <param name="trained">The method as trained.</param>
    /// <param name="device">Where the method is.</param>
    public static void Write(
        string path, Registry registry, RunSettings settings, ImageData data, RunResult result, IReadOnlyList<EpochMetrics> epochs, TwoViewMethod trained, Device device)
    {
        string title = $"{settings.Method.Title}, {(settings.Method.Objective == Objective.Er ? "entropy–reconstruction" : "native")} loss";
        string subtitle = $"{data.Name}, {data.Train.Count:n0} training and {data.Test.Count:n0} test images; {registry.Document.NameOf(settings.Encoder)}; "
            + $"{result.Epochs} epochs on {result.Device} in {result.Seconds:n0} s";
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $$"""
            <div class="figures">
            <div>{{result.KnnAccuracyBefore:p1}}<span>kNN accuracy before{{Interval(result.KnnAccuracyBeforeInterval)}}</span></div>
            <div>{{result.KnnAccuracy:p1}}<span>kNN accuracy after{{Interval(result.KnnAccuracyInterval)}}</span></div>
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
            {Picture("Training images, with two random views of each below it", Views(data, settings.Seed, device))}

            """);
        AppendNeighbours(page, registry, settings, data, trained, device);
        page.Append("<h2>Settings</h2>\n<table>\n");
        foreach (Setting setting in registry.Document.In(settings))
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{setting.Path}</td><td>{HtmlPage.Text(setting.Show(settings))}</td></tr>\n");
        }
        page.Append("</table>\n");
        HtmlPage.Write(path, title, subtitle, page);
    }

    private static string Interval(ConfidenceInterval? interval) => interval is null ? "" : $"<br>95% interval: {interval.ToString("p1")}";

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
        Curves.Panel("Effective rank of the projections", ("effective rank", Curves.Of(epochs, e => e.EffectiveRank))),
        epochs[^1].Perplexity is null
            ? Curves.Panel("Mean cosine of different images' projections", ("mean cosine", Curves.Of(epochs, e => e.MeanCosine)))
            : Curves.Panel("Classes in use: the marginal's perplexity", ("perplexity", Curves.Of(epochs, e => e.Perplexity))),
    ];

    private static void AppendNeighbours(StringBuilder page, Registry registry, RunSettings settings, ImageData data, TwoViewMethod trained, Device device)
    {
        using var train = new ImageTensors(data.Train, device);
        using var test = new ImageTensors(data.Test, device);
        using TwoViewMethod untrained = InitialWeights.Method(registry, settings, data.Train.Count);
        untrained.to(device);
        page.Append("<h2>Test images, each with the training images whose features are nearest</h2>\n<div class=\"pair\">\n");
        foreach ((string when, TwoViewMethod method) in new[] { ("before training", untrained), ("after training", trained) })
        {
            page.Append($"<figure><figcaption>{when}</figcaption>{Picture($"Nearest neighbours {when}", NeighbourSheet.Png(method.Encoder, train, test))}</figure>\n");
        }
        page.Append("</div>\n");
    }

    private static string Picture(string says, byte[] png) => $"<img class=\"sheet\" alt=\"{says}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">";

    private static byte[] Views(ImageData data, int seed, Device device)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)RandomStream.Seed(seed, RandomPurpose.ShownViews, 0), CPU);
        int count = Math.Min(ImagesShown, data.Train.Count);
        using var images = new ImageTensors(data.Train.Take(count), device);
        using var views = new TwoViews(device);
        (Tensor first, Tensor second) = views.Of(images.Pixels, generator);
        return ImageSheet.Png(Pixels.ToUnit(images.Pixels), Pixels.Uncenter(first), Pixels.Uncenter(second));
    }
}
