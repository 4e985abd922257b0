using System.Xml.Linq;
using ErTraining.Reports;

namespace ErTraining.Tests.Reports;

internal sealed class NeighbourSheetTests
{
    [Test]
    public void Neighbours_bear_their_class_and_whether_it_is_the_image_s()
    {
        var sheet = new NeighbourSheet([1, 2, 3], [("cat", ["cat", "dog & co"]), ("dog & co", ["cat", "cat"])], Size: 32);
        XElement html = XDocument.Parse(sheet.Html("after", "After training")).Root!;
        XElement[] cells = [.. html.Elements("div").Single().Elements()];
        Assert.Multiple(() =>
        {
            Assert.That(html.Element("figcaption")!.Value, Is.EqualTo("After training: 1 of 4 neighbours are of the test image's class"));
            Assert.That(
                cells.Select(cell => $"{cell.Attribute("class")!.Value}: {cell.Value}"),
                Is.EqualTo((string[])["query: cat", "right: ✓cat", "wrong: ✗dog & co", "query: dog & co", "wrong: ✗cat", "wrong: ✗cat"]));
            Assert.That(cells.Select(cell => cell.Element("svg")!.Attribute("viewBox")!.Value), Is.EqualTo((string[])
                ["0 0 32 32", "34 0 32 32", "68 0 32 32", "0 34 32 32", "34 34 32 32", "68 34 32 32"]), "its place in the picture");
            Assert.That(cells.Select(cell => cell.Element("svg")!.Element("use")!.Attribute("href")!.Value), Is.All.EqualTo("#after"));
            Assert.That(html.Descendants("image").Single().Attribute("href")!.Value, Is.EqualTo("data:image/png;base64,AQID"));
        });
    }

    [Test]
    public void An_image_without_a_label_is_neither_right_nor_wrong()
    {
        var sheet = new NeighbourSheet([1], [("cat", ["", "cat", "dog"]), ("", ["cat", "", "cat"])], Size: 32);
        XElement html = XDocument.Parse(sheet.Html("after", "After training")).Root!;
        Assert.Multiple(() =>
        {
            Assert.That(html.Element("figcaption")!.Value, Is.EqualTo("After training: 1 of 2 labelled neighbours are of the test image's class"));
            Assert.That(
                html.Elements("div").Single().Elements().Select(cell => cell.Attribute("class")!.Value),
                Is.EqualTo((string[])["query", "plain", "right", "wrong", "query", "plain", "plain", "plain"]));
        });
    }
}
