using ErLoss.Training;
using ErLoss.Training.Methods;
using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

internal sealed class StudyTableTests
{
    private static readonly StudyPlan s_plan = Sample.Plan("method=simclr,byol objective=native,er batch_size=512,64 ema=0.99,0.8 seed=0,1,2", "epochs=2");

    // Accuracies of the three seeds, in percent, that make round numbers.
    private static readonly Dictionary<string, double[]> s_accuracies = new()
    {
        ["byol-native-b512-ema0.99"] = [50, 52, 54],
        ["byol-native-b64-ema0.99"] = [40, 45, 44],
        ["byol-native-b512-ema0.8"] = [51, 51, 51],
    };

    [Test]
    public void Means_sample_deviations_and_losses_are_those_reckoned_by_hand()
    {
        StudyTableRow row = Row(StudyTable.Create(s_plan, Sample.Outcomes(s_plan, Accuracy)), "byol", Objective.Native);
        Assert.Multiple(() =>
        {
            Assert.That(row.Accuracy.Mean, Is.EqualTo(52).Within(1e-9));
            Assert.That(row.Accuracy.Deviation, Is.EqualTo(2).Within(1e-9), "√((4 + 0 + 4)/2)");
            Assert.That(row.Lost("batch 64")!.Mean, Is.EqualTo(9).Within(1e-9), "of 10, 7, 10");
            Assert.That(row.Lost("batch 64")!.Deviation, Is.EqualTo(Math.Sqrt(3)).Within(1e-9), "√((1 + 4 + 1)/2), seed by seed");
            Assert.That(row.Lost("EMA 0.8")!.Mean, Is.EqualTo(1).Within(1e-9), "of -1, 1, 3");
            Assert.That(row.Lost("EMA 0.8")!.Deviation, Is.EqualTo(2).Within(1e-9));
            Assert.That(row.Lost("batch 64")!.ToString(), Is.EqualTo("9.00 ± 1.73"));
        });
    }

    [Test]
    public void Rows_are_pairs_and_columns_are_what_differs_somewhere()
    {
        StudyTable table = StudyTable.Create(s_plan, Sample.Outcomes(s_plan, Accuracy));
        Assert.Multiple(() =>
        {
            Assert.That(table.Rows.Select(row => Registry.Default.Methods[row.Method].TitleWith(row.Objective)), Is.EqualTo((string[])["SimCLR", "SimCLR+ER", "BYOL", "BYOL+ER"]));
            Assert.That(table.Variations, Is.EqualTo((string[])["batch 64", "EMA 0.8"]));
            Assert.That(Row(table, "simclr", Objective.Er).Lost("EMA 0.8"), Is.Null);
        });
    }

    [Test]
    public void Failed_seeds_are_counted_and_left_out_of_means()
    {
        StudyTable table = StudyTable.Create(s_plan, Outcomes(cell => cell.Name is "byol-native-b512-ema0.99-s0" or "byol-native-b64-ema0.99-s1"));
        StudyTableRow row = Row(table, "byol", Objective.Native);
        Assert.Multiple(() =>
        {
            Assert.That(row.Accuracy.ToString(), Is.EqualTo("53.00 ± 1.41 (1 failed)"));
            Assert.That(row.Lost("batch 64")!.ToString(), Is.EqualTo("10.00 (2 failed)"), "seed 2 alone has both");
            Assert.That(row.Lost("EMA 0.8")!.ToString(), Is.EqualTo("2.00 ± 1.41 (1 failed)"));
        });
    }

    [Test]
    public void What_failed_with_every_seed_says_so_and_what_was_not_trained_is_a_dash()
    {
        StudyTable failed = StudyTable.Create(s_plan, Outcomes(cell => cell.Settings.BatchSize == 64));
        StudyTable pending = StudyTable.Create(s_plan, [.. s_plan.Cells.Select(CellOutcome.Pending)]);
        Assert.Multiple(() =>
        {
            Assert.That(Row(failed, "byol", Objective.Native).Lost("batch 64")!.ToString(), Is.EqualTo("failed"));
            Assert.That(Row(failed, "byol", Objective.Native).Lost("EMA 0.8")!.ToString(), Is.EqualTo("1.00 ± 2.00"));
            Assert.That(Row(pending, "byol", Objective.Native).Accuracy.ToString(), Is.EqualTo("–"));
        });
    }

    [Test]
    public void One_seed_has_no_deviation() => Assert.That(new Measure([3.25], 0).ToString(), Is.EqualTo("3.25"));

    // 4.303 is Student's quantile at 97.5% with two degrees of freedom, as tables print it.
    [Test]
    public void Several_seeds_have_the_interval_that_their_spread_leaves()
    {
        StudyTableRow row = Row(StudyTable.Create(s_plan, Sample.Outcomes(s_plan, Accuracy)), "byol", Objective.Native);
        Assert.Multiple(() =>
        {
            Assert.That(row.Accuracy.Interval!.Low, Is.EqualTo(52 - 4.303 * 2 / Math.Sqrt(3)).Within(1e-3));
            Assert.That(row.Accuracy.Interval.High, Is.EqualTo(52 + 4.303 * 2 / Math.Sqrt(3)).Within(1e-3));
            Assert.That(row.Lost("batch 64")!.Interval!.Low, Is.EqualTo(9 - 4.303).Within(1e-3), "√3 over √3 is one");
        });
    }

    [Test]
    public void One_seed_has_the_interval_that_its_number_of_test_images_leaves_and_so_has_a_difference()
    {
        StudyPlan plan = Sample.Plan("method=simclr objective=er batch_size=512,64");
        StudyTableRow row = StudyTable.Create(plan, Sample.Outcomes(plan, _ => 0.317)).Rows.Single();
        Assert.Multiple(() =>
        {
            Assert.That(row.Accuracy.Interval!.Low, Is.EqualTo(29.6638).Within(1e-4), "634 right of 2,000, computed with mpmath");
            Assert.That(row.Accuracy.Interval.High, Is.EqualTo(33.7900).Within(1e-4));
            Assert.That(row.Lost("batch 64")!.Interval!.Low, Is.EqualTo(-Math.Sqrt(Math.Pow(31.7 - 29.6638, 2) + Math.Pow(33.79 - 31.7, 2))).Within(1e-3));
            Assert.That(row.Lost("batch 64")!.Interval!.High, Is.EqualTo(-row.Lost("batch 64")!.Interval!.Low).Within(1e-9), "of equal accuracies");
        });
    }

    private static IReadOnlyList<CellOutcome> Outcomes(Predicate<StudyCell> fails) =>
        [.. Sample.Outcomes(s_plan, Accuracy).Select(outcome => fails(outcome.Cell) ? CellOutcome.Failed(outcome.Cell, "no", []) : outcome)];

    private static double Accuracy(StudyCell cell) =>
        s_accuracies.TryGetValue(cell.Variant.Name, out double[]? seeds) ? seeds[cell.Seed] / 100 : 0.5;

    private static StudyTableRow Row(StudyTable table, string method, Objective objective) =>
        table.Rows.Single(row => row.Method == method && row.Objective == objective);
}
