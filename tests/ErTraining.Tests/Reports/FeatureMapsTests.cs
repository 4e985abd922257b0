using System.Xml.Linq;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErTraining.Reports;
using SkiaSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Reports;

internal sealed class FeatureMapsTests : TensorTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    [Test]
    public void A_map_fills_its_frame_to_one_scale_with_a_point_an_image_in_the_colour_of_its_class()
    {
        var panel = MapPanel.Draw("map-after", "After training", [(-1, 0), (3, 1), (1, 0.5)], [0, 11, 0], [0, 0, 11], classCount: 12);
        XElement map = XDocument.Parse(panel.Svg).Root!;
        XElement[] points = [.. map.Descendants(s_svg + "circle")];
        double[] x = Numbers("cx"), y = Numbers("cy");
        string style = string.Concat(map.Elements(s_svg + "style").Select(element => element.Value));
        Assert.Multiple(() =>
        {
            Assert.That(points.Select(point => point.Attribute("class")!.Value), Is.EqualTo((string[])["c0", "c11", "c0"]));
            Assert.That((x[1] - x[0], y[1] - y[0]), Is.EqualTo((436, 109)), "four to one, and from margin to margin");
            Assert.That((x[2], y[2]), Is.EqualTo((230, 260)), "in the middle");
            Assert.That(map.Attribute("data-knn")!.Value, Is.EqualTo("0 0 11"));
            Assert.That(style, Does.Contain(".map .c0 { fill: var(--hue0); }").And.Contain(".map .c11 { fill: none; stroke: var(--hue1);").And.Contain("prefers-color-scheme: dark"));
        });
        points = [.. XDocument.Parse(MapPanel.Draw("m", "Map", [(2, 2), (2, 2)], [], [], 0).Svg).Descendants(s_svg + "circle")];
        Assert.That(Numbers("cx"), Is.EqualTo((double[])[230, 230]), "images without labels, all in one place");
        Assert.That(points.Attributes("class"), Is.Empty);

        double[] Numbers(string name) => [.. points.Select(point => (double)point.Attribute(name)!)];
    }

    [Test]
    public void More_classes_than_colours_go_round_the_circle_of_hues()
    {
        string[] rules = [.. ClassColours.Style("map", 100).Split('\n').Where(rule => rule.Contains("hsl", StringComparison.Ordinal))];
        Assert.That(rules, Has.Length.EqualTo(100).And.Some.EqualTo(".map .c99 { fill: hsl(293 70% var(--light)); }"));
        Assert.That((ClassColours.AreDistinct(20), ClassColours.AreDistinct(21)), Is.EqualTo((true, false)));
    }

    [TestCase(32, 32, 32)]
    [TestCase(20, 20, 32)]
    [TestCase(100, 33, 48)]
    public void Thumbnails_are_in_rows_and_in_blocks_of_their_own(int size, int shown, int pitch)
    {
        int[] values = [20, 230, 120];
        var sheet = ThumbnailSheet.Draw(stack([.. values.Select(value => full(3, size, size, value, ScalarType.Byte))]));
        using SKBitmap picture = SKBitmap.Decode(sheet.Jpeg);
        Assert.Multiple(() =>
        {
            Assert.That((sheet.Count, sheet.Columns, sheet.Size, sheet.Pitch), Is.EqualTo((3, 2, shown, pitch)));
            Assert.That((picture.Width, picture.Height), Is.EqualTo((2 * pitch, 2 * pitch)));
            for (int i = 0; i < values.Length; i++)
            {
                Assert.That(picture.GetPixel(i % 2 * pitch, i / 2 * pitch).Green, Is.EqualTo(values[i]).Within(15));
                Assert.That(picture.GetPixel(i % 2 * pitch + shown / 2, i / 2 * pitch + shown / 2).Red, Is.EqualTo(values[i]).Within(15));
            }
        });
    }

    [TestCase(7, 10)]
    [TestCase(2000, 1000)]
    [TestCase(1234, 1000)]
    public void Images_of_a_map_are_from_all_over_the_set_whatever_the_order_of_classes(int count, int most)
    {
        long[] chosen = FeatureEvaluation.Spread(count, most);
        int even = chosen.Count(index => index % 2 == 0);
        Assert.Multiple(() =>
        {
            Assert.That(chosen, Has.Length.EqualTo(Math.Min(count, most)).And.Unique.And.Ordered.And.All.InRange(0, count - 1));
            Assert.That(even, Is.EqualTo(chosen.Length / 2).Within(1 + chosen.Length / 50), "of classes in turns");
            Assert.That(chosen.Count(index => index < count / 2), Is.EqualTo(chosen.Length / 2).Within(1), "of classes one after another");
        });
    }

    [Test]
    public void What_is_shown_is_what_was_evaluated_and_images_without_labels_are_no_neighbours_where_others_have_some()
    {
        ImageData data = SyntheticImages.Create(40, 20, seed: 0);
        int[] half = [.. data.Train.Labels.Select((label, i) => i % 2 == 0 ? ImageSet.NoLabel : label)];
        using var train = new ImageTensors(new ImageSet(data.Train.Pixels, half, data.Train.ClassNames), CPU);
        using var test = new ImageTensors(data.Test, CPU);
        using var encoder = new ConvNet();
        FeatureEvaluation evaluation = Evaluator.Evaluate(encoder, train, test, measuresAccuracy: true), without = Evaluator.Evaluate(encoder, train, test, measuresAccuracy: false);
        Tensor ofTrain = train.FeaturesOf(encoder), ofTest = test.FeaturesOf(encoder), queries = ofTest.narrow(0, 0, 8);
        long[] all = Nearest(ofTrain), labelled = [.. Nearest(ofTrain.index_select(0, arange(1, 40, 2))).Select(index => 2 * index + 1)];
        Assert.Multiple(() =>
        {
            Assert.That(without.Neighbours.SelectMany(row => row), Is.EqualTo(all));
            Assert.That(evaluation.Neighbours.SelectMany(row => row), Is.EqualTo(labelled));
            Assert.That(without.Confusion, Is.Null);
            Assert.That(without.MappedPredictions, Is.Empty);
            Assert.That(evaluation.Confusion!.Total, Is.EqualTo(20));
            Assert.That(evaluation.Mapped, Is.EqualTo(Enumerable.Range(0, 20)));
            Assert.That(evaluation.MappedPredictions.Zip(data.Test.Labels).Count(pair => pair.First == pair.Second) / 20.0, Is.EqualTo(evaluation.Confusion.Accuracy));
            Assert.That(evaluation.MappedFeatures().allclose(ofTest));
        });

        long[] Nearest(Tensor features) => NearestNeighbours.Find(features, queries, 6).Indices.flatten().data<long>().ToArray();
    }
}
