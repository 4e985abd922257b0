using System.Xml.Linq;
using ErLoss.SelfSupervised.Evaluation;
using ErTraining.Reports;
using static TorchSharp.torch;

namespace ErTraining.Tests.Reports;

/// <summary>The pictures of accuracies class by class and of confusions.</summary>
internal sealed class ClassPanelTests : TensorTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    private static readonly string[] s_names = ["cat", "dog & co", "owl"];

    [Test]
    public void A_cell_has_its_share_of_the_class_and_pairs_are_named_by_their_number()
    {
        ConfusionMatrix confusion = Confusion([0, 0, 0, 0, 1, 1], [0, 1, 1, 1, 1, 0], 3);
        XElement picture = XDocument.Parse(ConfusionPanel.Draw(confusion, s_names).Svg).Root!;
        Assert.Multiple(() =>
        {
            Assert.That(Words(picture).Skip(3), Is.EqualTo((string[])["cat", "cat", "dog & co", "dog & co", "owl", "owl", "25", "75", "50", "50"]));
            Assert.That(picture.Elements(s_svg + "path").Select(path => $"{path.Attribute("fill")!.Value} {path.Attribute("fill-opacity")!.Value}"), Is.EqualTo((string[])
                ["var(--second) 0.8", "var(--second) 0.9", "var(--first) 0.5", "var(--first) 0.8"]));
            Assert.That(ConfusionPanel.MostFrequent(confusion, s_names, 1), Is.EqualTo("The most frequent confusions: cat taken for dog & co (3 of 4)."));
            Assert.That(ConfusionPanel.MostFrequent(Confusion([0], [0], 3), s_names, 1), Is.Null);
        });
    }

    [Test]
    public void A_hundred_classes_are_a_heat_map_without_numbers_and_four_panels_best_first()
    {
        string[] names = [.. Enumerable.Range(0, 100).Select(i => $"class {i}")];
        long[] labels = [.. Enumerable.Range(0, 200).Select(i => i / 2L)];
        ConfusionMatrix confusion = Confusion(labels, [.. labels.Select((label, i) => i < 60 || i % 2 == 0 ? label : 7)], 100);
        var picture = ConfusionPanel.Draw(confusion, names);
        IReadOnlyList<ClassAccuracyPanel> panels = ClassAccuracyPanel.Draw(before: null, confusion, names);
        string[] first = Words(XDocument.Parse(panels[0].Svg).Root!), last = Words(XDocument.Parse(panels[3].Svg).Root!);
        Assert.Multiple(() =>
        {
            Assert.That(Words(XDocument.Parse(picture.Svg).Root!), Has.Length.EqualTo(3 + 200));
            Assert.That(picture.Svg, Has.Length.LessThan(60_000));
            Assert.That(picture.Width, Is.InRange(1000, 1200));
            Assert.That(panels.Select(panel => panel.Name), Is.EqualTo((string[])["class-accuracy-1", "class-accuracy-2", "class-accuracy-3", "class-accuracy-4"]));
            Assert.That(first, Is.SupersetOf((string[])["class 0", "100 % of 2"]).And.None.EqualTo("class 30"));
            Assert.That(last, Is.SupersetOf((string[])["class 99", "50 % of 2"]).And.None.EqualTo("before training"));
        });
    }

    [Test]
    public void A_class_has_a_line_from_before_to_after_training_and_one_without_test_images_has_none()
    {
        ConfusionMatrix before = Confusion([0, 0, 1, 1], [1, 1, 0, 1], 3), after = Confusion([0, 0, 1, 1], [0, 1, 1, 1], 3);
        XElement picture = XDocument.Parse(ClassAccuracyPanel.Draw(before, after, s_names).Single().Svg).Root!;
        string[] words = Words(picture);
        Assert.Multiple(() =>
        {
            Assert.That(words, Is.SupersetOf((string[])["before training", "after training", "cat", "dog & co", "50 % of 2", "100 % of 2"]).And.None.EqualTo("owl"));
            Assert.That(Array.IndexOf(words, "dog & co"), Is.LessThan(Array.IndexOf(words, "cat")), "best first");
            Assert.That(picture.Elements(s_svg + "circle").Count(), Is.EqualTo(2 + 2 * 2));
        });
    }

    [Test]
    public void Long_names_are_cut_between_characters_and_wide_ones_have_room()
    {
        const string Emoji = "😀";
        string[] names = [string.Concat(Enumerable.Repeat(Emoji, 30)), new('W', 30), new('x', 30)];
        ConfusionMatrix confusion = Confusion([0, 1, 2], [0, 1, 2], 3);
        string[] words = Words(XDocument.Parse(ClassAccuracyPanel.Draw(before: null, confusion, names).Single().Svg).Root!);
        Assert.Multiple(() =>
        {
            Assert.That(words, Is.SupersetOf((string[])[string.Concat(Enumerable.Repeat(Emoji, 12)) + "…", new string('W', 12) + "…", new string('x', 21) + "…"]));
            Assert.That(ConfusionPanel.Draw(confusion, names).Svg, Does.Not.Contain("\ufffd").And.Contain(">WWWWWWWWW…<"));
            Assert.That(ShortName.Width("WM漢😀"), Is.EqualTo(7));
            Assert.That(ShortName.Of("e\u0301", 1), Is.EqualTo("e\u0301"), "a letter with a mark is one character");
        });
    }

    private static ConfusionMatrix Confusion(long[] labels, long[] predictions, int classes) => new(tensor(labels), tensor(predictions), classes);

    private static string[] Words(XElement picture) => [.. picture.Descendants(s_svg + "text").Select(text => text.Value)];
}
