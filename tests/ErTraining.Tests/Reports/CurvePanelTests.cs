using System.Xml.Linq;
using ErTraining.Reports;

namespace ErTraining.Tests.Reports;

internal sealed class CurvePanelTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    [Test]
    public void A_file_is_legible_in_both_schemes_and_a_page_s_panel_takes_the_page_s_colours()
    {
        var panel = CurvePanel.Draw("terms", "Terms & more", ("entropy", [(1, -1), (2, -2)]), ("reconstruction", [(1, 0.5), (2, double.NaN), (3, 0)]));
        XElement file = XDocument.Parse(panel.Svg).Root!, inline = XDocument.Parse(panel.Inline()).Root!;
        Assert.Multiple(() =>
        {
            Assert.That(file.Element(s_svg + "style")!.Value, Does.Contain("prefers-color-scheme: dark"));
            Assert.That(inline.Element(s_svg + "style"), Is.Null);
            Assert.That(file.Descendants(s_svg + "text").Select(text => text.Value), Is.EqualTo((string[])
                ["Terms & more", "−2.0", "−1.5", "−1.0", "−0.5", "0.0", "0.5", "1", "2", "3", "epoch", "entropy", "reconstruction"]));
            Assert.That(file.Descendants(s_svg + "polyline").Select(line => ((string)line.Attribute("points")!).Split(' ').Length), Is.EqualTo((int[])[2, 2]), "what is not finite is left out");
            Assert.That(file.Descendants().Attributes().Select(attribute => attribute.Value), Has.None.Matches("#[0-9a-f]{3,6}"), "colours by name only");
        });
    }

    [Test]
    public void One_epoch_is_a_number_and_no_axis()
    {
        XElement panel = XDocument.Parse(CurvePanel.Draw("loss", "Loss, nats", ("loss", [(1, -2.5)])).Svg).Root!;
        Assert.That(panel.Descendants(s_svg + "text").Select(text => text.Value), Is.EqualTo((string[])["Loss, nats", "−2.500", "after epoch 1"]));
        Assert.That(panel.Descendants(s_svg + "path"), Is.Empty);
        panel = XDocument.Parse(CurvePanel.Draw("loss", "Loss, nats", ("loss", [(1, double.NaN)])).Svg).Root!;
        Assert.That(panel.Value, Does.Contain("no finite value"));
    }
}
