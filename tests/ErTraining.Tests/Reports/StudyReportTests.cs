using System.Net;
using System.Xml.Linq;
using ErLoss.Training.Studies;
using ErTraining.Reports;
using ErTraining.Tests.Studies;
using SkiaSharp;

namespace ErTraining.Tests.Reports;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StudyReportTests : IDisposable
{
    private static readonly StudyPlan s_plan = Sample.Plan("method=simclr,byol objective=native,er batch_size=512,64 ema=0.99,0.8 kappa=10,5 seed=0,1");

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void The_figure_has_a_panel_a_metric_and_method_with_a_curve_a_variant()
    {
        Save(Sample.Outcomes(s_plan, cell => 0.4 + 0.1 * cell.Seed));
        XNamespace svg = "http://www.w3.org/2000/svg";
        XElement root = XDocument.Load(_folder["figure.svg"]).Root!;
        string[] words = [.. root.Descendants(svg + "text").Select(text => string.Concat(text.Value.Where(c => !char.IsWhiteSpace(c))))];
        int dashed = root.Descendants(svg + "path").Count(path => path.Attribute("stroke-dasharray") is not null);
        Assert.Multiple(() =>
        {
            Assert.That(words.Count(word => word == "epoch"), Is.EqualTo(2), "a column a method");
            Assert.That(words, Is.SupersetOf((string[])
                ["SimCLR", "BYOL", "entropy,nats", "reconstruction,nats", "kNNaccuracy,%", "batch512,kappa10", "batch64", "EMA0.8", "kappa5", "native", "withER"]));
            Assert.That(dashed, Is.GreaterThanOrEqualTo(3 * (3 + 4)), "three metrics of three native variants of SimCLR and four of BYOL");
        });
    }

    [Test]
    public void Each_arm_has_dashes_of_its_own_and_equal_steps_make_an_axis_of_steps()
    {
        StudyPlan plan = Sample.Plan(
            "method=simclr objective=native,er batch_size=50,10", "epochs=10", arms: ["keep-own: keep-own=true", "queue: queue=8"], change: settings => settings with { Budget = StudyBudget.Steps }, images: 1000);
        using StudyFigure figure = StudyFigure.Create(plan, Sample.Outcomes(plan, _ => 0.5), StudyMetric.OfCollapse)!;
        string picture = figure.Picture();
        XNamespace svg = "http://www.w3.org/2000/svg";
        XElement root = XElement.Parse(picture);
        string[] words = [.. root.Descendants(svg + "text").Select(text => string.Concat(text.Value.Where(c => !char.IsWhiteSpace(c))))];
        string[] dashes = [.. root.Descendants(svg + "path").Select(path => path.Attribute("stroke-dasharray")?.Value).OfType<string>().Distinct()];
        Assert.Multiple(() =>
        {
            Assert.That(words, Is.SupersetOf((string[])["step", "200", "effectiverank", "meancosine", "withER(keep-own)", "withER(queue)", "native", "withER"]));
            Assert.That(words, Has.None.EqualTo("epoch").And.None.EqualTo("reconstruction,nats"));
            Assert.That(dashes, Is.EquivalentTo((string[])["8 5", "2 4", "9 4 2 4"]));
            Assert.That(plan.Cells.Select(cell => cell.Settings.Epochs).Distinct(), Is.EqualTo((int[])[10, 2]), "both 200 steps");
        });
    }

    [Test]
    public void The_picture_has_ink_in_the_colours_of_the_variants()
    {
        Save(Sample.Outcomes(s_plan, cell => 0.4 + 0.1 * cell.Seed));
        using SKBitmap picture = SKBitmap.Decode(_folder["figure.png"]);
        HashSet<SKColor> colours = [.. picture.Pixels];
        Assert.That(colours, Is.SupersetOf((SKColor[])[SKColors.White, new(0x30, 0x47, 0x5e), new(0xd5, 0x5e, 0x00), new(0x00, 0x72, 0xb2)]));
    }

    [Test]
    public void The_report_is_one_page_with_tables_findings_and_the_figure()
    {
        CellOutcome[] outcomes =
        [
            .. Sample.Outcomes(s_plan, cell => cell.Settings.BatchSize == 64 ? 0.4 : 0.5 + 0.01 * cell.Seed).Select(outcome =>
                outcome.Cell.Variant["ema"] == "0.8" ? CellOutcome.Failed(outcome.Cell, "The loss became <NaN>", []) : outcome),
        ];
        Save(outcomes);
        string page = File.ReadAllText(_folder["report.html"]);
        Assert.Multiple(() =>
        {
            Assert.That(page, Does.Contain("50.50 ± 0.71<br><small>44.15 to 56.85</small>").And.Contain("10.50 ± 0.71<br>"), "50.5 ± 12.706 / 2");
            Assert.That(page, Does.Contain("47.8 % to 52.2 %"), "1,000 right of 2,000, in the list of cells");
            Assert.That(page, Does.Contain("by the spread of the seeds"));
            Assert.That(page, Does.Contain(">Δ kappa 5</th>").And.Contain("<td>axis kappa</td><td>10 5</td>").And.Contain("simclr-er-b512-kappa5-s1"));
            Assert.That(page, Does.Contain("at batch 512, EMA 0.99, kappa 10, as far as a method has these"));
            Assert.That(page, Does.Match("<td class=\"n failed\">failed</td>"));
            Assert.That(page, Does.Contain("<h2 class=\"failed\">4 of 28 cells could not be trained</h2>\n<ul>\n<li>The loss became &lt;NaN&gt;<br><small>byol-native-b512-ema0.8-kappa10-s0, "));
            Assert.That(page, Does.Contain("<td>untrained encoder</td><td class=\"n\">20.00 ± 0.00"));
            Assert.That(page, Does.Not.Contain("below the untrained encoder"));
            Assert.That(WebUtility.HtmlDecode(page), Does.Contain("At batch 64 BYOL loses 10.5 ± 0.7 points, with ER 10.5 ± 0.7."));
            Assert.That(page, Does.Contain("23.65").And.Contain("arXiv 2307.10907, Table 2"));
            Assert.That(page, Does.Match("<td>BYOL\\+ER</td><td>BYOL</td><td>batch 64</td><td>kNN</td><td class=\"n\">10.50 ± 0.71</td><td class=\"n\">10.50 ± 0.71</td><td class=\"n\">0.00 ± 0.00<br><small>0.00 to 0.00</small></td><td>not told apart</td>"));
            Assert.That(page, Does.Contain("<h2>Levels, and gains over the untrained encoder</h2>").And.Contain("30.50 ± 0.71<br>"), "from 20 to 50 and 51 per cent");
            Assert.That(page, Does.Contain("Cells have equal epochs at all batch sizes: "));
            Assert.That(page.Split("<svg"), Has.Length.EqualTo(2));
            Assert.That(page, Does.Not.Match("(src|href)=\"(?!data:|#)"), "a reference to another file");
        });
    }

    [Test]
    public void A_study_without_any_epoch_says_why_and_draws_nothing()
    {
        Save([.. s_plan.Cells.Select(cell => CellOutcome.Failed(cell, cell.Seed == 0 ? "The loss became NaN" : "No memory", []))]);
        string page = File.ReadAllText(_folder["report.html"]);
        Assert.Multiple(() =>
        {
            Assert.That(page, Does.Contain("No cell could be trained").And.Contain("<li>The loss became NaN<br>").And.Contain("<li>No memory<br>").And.Contain(" and 10 more</small>"));
            Assert.That(page, Does.Contain("There are no curves").And.Not.Contain("<svg"));
            Assert.That(File.Exists(_folder["figure.svg"]), Is.False);
        });
    }

    [Test]
    public void A_method_without_an_epoch_has_no_panel_and_one_below_the_untrained_encoder_is_marked()
    {
        Save([.. Sample.Outcomes(s_plan, _ => 0.1).Select(outcome => outcome.Cell.Variant.Method == "byol" ? CellOutcome.Failed(outcome.Cell, "no", []) : outcome)]);
        Assert.That(File.ReadAllText(_folder["figure.svg"]), Does.Contain("SimCLR").And.Not.Contain("BYOL"));
        Assert.That(File.ReadAllText(_folder["report.html"]), Does.Match("<td>SimCLR</td><td class=\"n\">10.00 ± 0.00.*?<small class=\"failed\">below the untrained encoder</small>"));
    }

    private void Save(IReadOnlyList<CellOutcome> outcomes)
    {
        using StudyFigure? figure = StudyFigure.Create(s_plan, outcomes);
        figure?.Save(_folder["figure.png"], _folder["figure.svg"]);
        StudyReport.Write(_folder["report.html"], s_plan, outcomes, Sample.Images, figure);
    }
}
