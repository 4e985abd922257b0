using ErLoss.Training.Studies;
using ErTraining.Terminal;
using ErTraining.Tests.Studies;
using Spectre.Console;

namespace ErTraining.Tests.Terminal;

internal sealed class StudySummaryTests
{
    [Test]
    public void A_value_that_looks_like_markup_heads_its_column_as_it_is()
    {
        StudyPlan plan = Sample.Plan("method=simclr objective=er batch_size=64 weights=plain,[red]spoilt[");
        Assert.That(Written(StudySummary.Table(plan, StudyTable.Create(plan, Sample.Outcomes(plan, _ => 0.5)), StudyAccuracy.Knn)), Does.Contain("Δ weights [red]spoilt["));
    }

    [Test]
    public void A_linear_probe_has_a_table_of_its_own_and_a_comparison_says_interval_verdict_and_seeds()
    {
        StudyPlan plan = Sample.Plan("method=byol objective=native,er batch_size=64,8 ema=0.9 seed=0,1,2");
        CellOutcome[] outcomes = [.. plan.Cells.Select(cell => Sample.WithProbe(cell, 0.5, cell.Variant.Name == "byol-native-b8-ema0.9" ? 0.4 + 0.01 * cell.Seed : 0.5))];
        string probe = Written(StudySummary.Table(plan, StudyTable.Create(plan, outcomes), StudyAccuracy.LinearProbe)), verdicts = Written(StudySummary.Table(StudyComparison.All(plan, outcomes).Where(comparison => comparison.Question == StudyQuestion.LosesLess)));
        Assert.Multiple(() =>
        {
            Assert.That(probe, Does.Match(@"linear probe accuracy, %.*Δ batch 8").And.Match(@"BYOL .*50\.00 ± 0\.00 .*9\.00 ± 1\.00"));
            Assert.That(verdicts, Does.Match(@"BYOL\+ER than BYOL .* batch 8 .* kNN .* 0\.00 ± 0\.00 .* not told apart .* –"));
            Assert.That(verdicts, Does.Match(@"BYOL\+ER than BYOL .* batch 8 .* linear probe .* 9\.00 ± 1\.00 .* yes .* 3 ").And.Contain("6.52 to 11.48"), "9 ± 4.303 / √3");
        });
    }

    private static string Written(Table table)
    {
        using var written = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(written) });
        console.Profile.Width = 200;
        console.Write(table);
        return written.ToString();
    }
}
