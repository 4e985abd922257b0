using System.Globalization;
using System.Text;
using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training;
using ErLoss.Training.Data;
using static TorchSharp.torch;

namespace ErTraining.Reports;

/// <summary>Maps of the same test images before and after training, in which images of similar features are near each other; on a page with a script that shows the image at a point.</summary>
/// <param name="Panels">The maps: one before training and one after, or one of a run without training.</param>
/// <param name="Thumbnails">The images, in the order of the points.</param>
/// <param name="ClassNames">Names of the classes, by label; empty if the images have no labels.</param>
internal sealed record FeatureMaps(IReadOnlyList<MapPanel> Panels, ThumbnailSheet Thumbnails, IReadOnlyList<string> ClassNames)
{
    private const int Components = 50;

    /// <summary>Computes and draws the maps: unit rows, their first 50 principal components, t-SNE.</summary>
    /// <param name="evaluations">Of the encoder before and after training, or one of them; all of the same images.</param>
    /// <param name="test">The test images.</param>
    /// <param name="classNames">Names of the classes, by label; empty if they are not to be told.</param>
    public static FeatureMaps Draw(IReadOnlyList<FeatureEvaluation> evaluations, ImageTensors test, IReadOnlyList<string> classNames)
    {
        using var scope = NewDisposeScope();
        Tensor[] components = [.. evaluations.Select(evaluation => PrincipalComponents.Project(nn.functional.normalize(evaluation.MappedFeatures(), dim: 1), Components))];
        var places = new (double X, double Y)[evaluations.Count][];
        Parallel.For(0, components.Length, new ParallelOptions { MaxDegreeOfParallelism = get_num_threads() }, i => places[i] = Places(components[i]));
        Tensor indices = tensor(evaluations[0].Mapped, device: test.Device);
        int[] labels = classNames.Count > 0 ? Numbers(test.Labels.index_select(0, indices).cpu().data<long>().ToArray()) : [];
        return new FeatureMaps(
            [.. evaluations.Select((evaluation, i) => MapPanel.Draw(
                i == evaluations.Count - 1 ? "map-after" : "map-before",
                evaluations.Count == 1 ? "Without training" : i == 0 ? "Before training" : "After training",
                places[i],
                labels,
                Numbers(evaluation.MappedPredictions),
                classNames.Count))],
            ThumbnailSheet.Draw(test.Select(indices)),
            classNames);

        static int[] Numbers(long[] values) => [.. values.Select(value => (int)value)];
    }

    /// <summary>The maps as a page holds them.</summary>
    public string Html()
    {
        var html = new StringBuilder();
        (int height, int width) = Thumbnails.Extent;
        html.Append(CultureInfo.InvariantCulture, $"<svg class=\"hidden\" aria-hidden=\"true\"><defs><image class=\"sheet\" id=\"mapped\" width=\"{width}\" height=\"{height}\" href=\"data:image/jpeg;base64,{Convert.ToBase64String(Thumbnails.Jpeg)}\"/></defs></svg>\n")
            .Append(CultureInfo.InvariantCulture, $"<div class=\"maps\" data-columns=\"{Thumbnails.Columns}\" data-pitch=\"{Thumbnails.Pitch}\" data-size=\"{Thumbnails.Size}\">\n<div class=\"pair\">\n")
            .AppendJoin('\n', Panels.Select(panel => panel.Inline()))
            .Append("</div>\n");
        if (ClassNames.Count > 0)
        {
            html.Append(ClassColours.AreDistinct(ClassNames.Count) ? "<div class=\"keys\">\n" : $"<details><summary>{ClassNames.Count} classes: choose one to see where it is</summary><div class=\"keys\">\n")
                .Append(ClassColours.Style("key", ClassNames.Count)).Append('\n');
            for (int label = 0; label < ClassNames.Count; label++)
            {
                html.Append(CultureInfo.InvariantCulture, $"<button type=\"button\" class=\"key\" aria-pressed=\"false\"><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><circle class=\"c{label}\" cx=\"6\" cy=\"6\" r=\"4\"/></svg>{HtmlPage.Text(ClassNames[label])}</button>\n");
            }
            html.Append(ClassColours.AreDistinct(ClassNames.Count) ? "</div>\n" : "</div></details>\n");
        }
        return html.Append("<div class=\"spot\" hidden><svg width=\"96\" height=\"96\" aria-hidden=\"true\"><use href=\"#mapped\"/></svg><span role=\"status\"></span></div>\n</div>\n<script>\n")
            .Append(Script()).Append("</script>\n").ToString();
    }

    private static (double X, double Y)[] Places(Tensor components)
    {
        using Tensor map = TSne.Embed(components);
        return [.. map.data<double>().ToArray().Chunk(2).Select(place => (place[0], place[1]))];
    }

    private static string Script()
    {
        using var reader = new StreamReader(typeof(FeatureMaps).Assembly.GetManifestResourceStream("FeatureMaps.js")!);
        return reader.ReadToEnd();
    }
}
