using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

/// <summary>Verdicts on studies that are made up so that they hold, do not hold, or cannot be told.</summary>
internal sealed class StudyComparisonTests
{
    private const string Axes = "method=byol objective=native,er batch_size=256,16 ema=0.9";

    /// <summary>kNN accuracies in percent by the names of variants, one a seed.</summary>
    private static readonly Dictionary<string, double[]> s_references = new() { ["byol-native-b256-ema0.9"] = [50, 53, 51], ["byol-er-b256-ema0.9"] = [52, 54, 53] };

    // Points lost natively less those lost with ER, seed by seed.
    [TestCase(new double[] { 40, 43, 41 }, new double[] { 50, 51, 51 }, 23.0 / 3, 0.577, "yes", 2)] // 10 - 2, 10 - 3, 10 - 2
    [TestCase(new double[] { 50, 53, 51 }, new double[] { 44, 47, 46 }, -22.0 / 3, 0.577, "no", 2)] // 0 - 8, 0 - 7, 0 - 7
    [TestCase(new double[] { 40, 50, 48 }, new double[] { 50, 48, 51 }, 2.0, 5.568, "not told apart", 63)] // 10 - 2, 3 - 6, 3 - 2 = 8, -3, 1
    public void A_verdict_is_the_place_of_zero_in_the_interval_of_differences_over_seeds(double[] native, double[] er, double mean, double deviation, string verdict, int seeds)
    {
        StudyComparison comparison = One(Study(native, er), StudyQuestion.LosesLess);
        Assert.Multiple(() =>
        {
            Assert.That(comparison.Subject, Is.EqualTo("BYOL+ER"));
            Assert.That(comparison.Other, Is.EqualTo("BYOL"));
            Assert.That(comparison.At, Is.EqualTo("batch 16"));
            Assert.That(comparison.Verdict, Is.EqualTo(verdict));
            Assert.That(comparison.Difference.Mean, Is.EqualTo(mean).Within(1e-9));
            Assert.That(comparison.Difference.Deviation, Is.EqualTo(deviation).Within(1e-3));
            Assert.That(comparison.Difference.Interval!.High - mean, Is.EqualTo(4.3027 * deviation / Math.Sqrt(3)).Within(5e-3), "Student's quantile of two degrees of freedom");
            Assert.That(comparison.OfOther.Mean - comparison.OfSubject.Mean, Is.EqualTo(mean).Within(1e-9));
            Assert.That(comparison.SeedsToTell, Is.EqualTo(seeds));
        });
    }

    [Test]
    public void What_ends_higher_is_asked_at_the_reference_and_at_each_variation()
    {
        StudyComparison[] levels = [.. All(Study([40, 43, 41], [50, 51, 51])).Where(comparison => comparison.Question == StudyQuestion.EndsHigher)];
        Assert.Multiple(() =>
        {
            Assert.That(levels.Select(comparison => comparison.At), Is.EqualTo((string[])["batch 256, EMA 0.9", "batch 16"]));
            Assert.That(levels.Select(comparison => comparison.Difference.Mean), Is.EqualTo((double[])[5.0 / 3, 28.0 / 3]).Within(1e-9), "2, 1, 2 and 10, 8, 10");
            Assert.That(levels.Select(comparison => comparison.Verdict), Is.EqualTo((string[])["yes", "yes"]), "1.667 ± 1.434");
            Assert.That(levels[0].OfSubject.Mean, Is.EqualTo(53).Within(1e-9));
        });
    }

    [Test]
    public void The_same_difference_at_all_seeds_is_no_proof_since_accuracies_are_counts_of_images()
    {
        (StudyPlan plan, IReadOnlyList<CellOutcome> outcomes) = Study([40.1, 43.1, 41.1], [50, 52, 51]); // 9.9 - 2, three times
        StudyComparison comparison = One((plan, outcomes), StudyQuestion.LosesLess);
        Assert.Multiple(() =>
        {
            Assert.That(comparison.Difference.Mean, Is.EqualTo(7.9).Within(1e-9));
            Assert.That(comparison.Difference.Interval, Is.Null);
            Assert.That(comparison.Verdict, Is.EqualTo("not told apart"));
            Assert.That(comparison.SeedsToTell, Is.Null);
            Assert.That(StudyComparisonNote.Of(plan.Seeds, [comparison]), Does.Contain("Where all seeds have the same difference"));
        });
    }

    [Test]
    public void One_seed_has_no_verdict_but_the_interval_by_test_images()
    {
        StudyPlan plan = Sample.Plan(Axes);
        StudyComparison comparison = One((plan, Sample.Outcomes(plan, cell => cell.Variant.Name == "byol-native-b16-ema0.9" ? 0.4 : 0.5)), StudyQuestion.LosesLess);
        Assert.Multiple(() =>
        {
            Assert.That(comparison.Verdict, Is.EqualTo("one seed"));
            Assert.That(comparison.Difference.Mean, Is.EqualTo(10).Within(1e-9));
            Assert.That(comparison.Difference.Interval!.Low, Is.EqualTo(10 - 4.37).Within(0.05), "1.96 times the root of 0.4 · 0.6 + 3 · 0.25 over 2,000");
            Assert.That(comparison.SeedsToTell, Is.Null);
            Assert.That(StudyComparisonNote.Of(plan.Seeds, [comparison]), Does.StartWith("There is one seed, and so there is no interval over seeds, and no verdict."));
        });
    }

    [TestCase(0.9, 1.1, "3")] // with two, |Z + 10| would have to be above 12.7 |Z'|, which has a probability of 0.57
    [TestCase(-1, 1.001, "over 9,999")]
    [TestCase(-1, 1, "–")]
    [TestCase(1, 1, "–")]
    public void Tables_say_how_many_seeds_would_tell(double first, double second, string words)
    {
        var difference = new Measure([first, second], 0);
        Assert.That(new StudyComparison("byol", "BYOL+ER", "BYOL", "batch 16", StudyAccuracy.Knn, difference, difference, difference).SeedsInWords, Is.EqualTo(words));
    }

    [Test]
    public void A_seed_that_failed_is_left_out_and_a_study_without_results_has_no_answer()
    {
        (StudyPlan plan, IReadOnlyList<CellOutcome> outcomes) = Study([40, 43, 41], [50, 51, 51]);
        IReadOnlyList<CellOutcome> some = [.. outcomes.Select(outcome => outcome.Cell.Name == "byol-er-b16-ema0.9-s1" ? CellOutcome.Failed(outcome.Cell, "no", []) : outcome)];
        StudyComparison comparison = One((plan, some), StudyQuestion.LosesLess);
        Assert.That((comparison.Difference.Seeds, comparison.Difference.Failed, comparison.Difference.Mean!.Value), Is.EqualTo((2, 1, 8.0)).Using<(int, int, double)>((a, b) => a.Item1 == b.Item1 && a.Item2 == b.Item2 && Math.Abs(a.Item3 - b.Item3) < 1e-9));
        Assert.That(StudyComparison.All(plan, [.. plan.Cells.Select(CellOutcome.Pending)]), Is.Empty);

        IReadOnlyList<CellOutcome> first = [.. some.Select(outcome => outcome.Cell.Seed == 2 ? CellOutcome.Failed(outcome.Cell, "no", []) : outcome)];
        const string OfOne = "by the number of test images";
        Assert.Multiple(() =>
        {
            Assert.That(StudyTable.Create(plan, some).IntervalNote(plan.Seeds) + StudyComparisonNote.Of(plan.Seeds, All((plan, some))), Does.Not.Contain(OfOne));
            Assert.That(StudyTable.Create(plan, first).IntervalNote(plan.Seeds), Does.Contain(OfOne));
            Assert.That(StudyComparisonNote.Of(plan.Seeds, All((plan, first))), Does.Contain(OfOne).And.Contain("Where the verdict is one seed"));
        });
    }

    [Test]
    public void Arms_are_compared_with_every_form_of_their_method_and_the_linear_probe_has_comparisons_of_its_own()
    {
        StudyPlan plan = Sample.Plan("method=simclr,dino objective=er,native batch_size=64 ema=0.9 seed=0,1", arms: ["queue: queue=8", "keep-own: keep-own=true"]);
        StudyComparison[] all = [.. All((plan, [.. plan.Cells.Select(cell => Sample.WithProbe(cell, 0.5, cell.Variant.Arm == "queue" ? 0.6 + 0.01 * cell.Seed : 0.55))]))];
        StudyComparison[] probe = [.. all.Where(comparison => comparison.Metric == "linear_probe")];
        Assert.Multiple(() =>
        {
            Assert.That(probe.Select(comparison => $"{comparison.Subject} / {comparison.Other}: {comparison.Verdict}"), Is.EqualTo((string[])
            [
                "SimCLR+ER / SimCLR: not told apart",
                "SimCLR+ER (queue) / SimCLR: not told apart", // 5 and 6 points: 5.5 ± 12.7 · 0.5
                "SimCLR+ER (queue) / SimCLR+ER: not told apart",
                "SimCLR+ER (keep-own) / SimCLR: not told apart",
                "SimCLR+ER (keep-own) / SimCLR+ER: not told apart",
                "SimCLR+ER (keep-own) / SimCLR+ER (queue): not told apart",
                "DINO+ER / DINO: not told apart",
            ]));
            Assert.That(all, Has.Length.EqualTo(2 * probe.Length));
            Assert.That(probe[1].Difference.Mean, Is.EqualTo(5.5).Within(1e-9));
            Assert.That(probe[1].SeedsToTell, Is.EqualTo(3));
            Assert.That(probe.Select(comparison => comparison.IsAgainstFirst), Is.EqualTo((bool[])[true, true, false, true, false, false, true]));
            StudyLevel level = StudyTable.Create(plan, [.. plan.Cells.Select(cell => Sample.WithProbe(cell, 0.5, 0.55))]).Rows[0].LinearProbe!;
            Assert.That(level.Gain.Mean, Is.EqualTo(25).Within(1e-9), "from 30 to 55 per cent");
        });
    }

    private static (StudyPlan Plan, IReadOnlyList<CellOutcome> Outcomes) Study(double[] native, double[] er)
    {
        StudyPlan plan = Sample.Plan($"{Axes} seed=0,1,2");
        var accuracies = new Dictionary<string, double[]>(s_references) { ["byol-native-b16-ema0.9"] = native, ["byol-er-b16-ema0.9"] = er };
        return (plan, Sample.Outcomes(plan, cell => accuracies[cell.Variant.Name][cell.Seed] / 100));
    }

    private static IReadOnlyList<StudyComparison> All((StudyPlan Plan, IReadOnlyList<CellOutcome> Outcomes) study) => StudyComparison.All(study.Plan, study.Outcomes);

    private static StudyComparison One((StudyPlan, IReadOnlyList<CellOutcome>) study, StudyQuestion question) => All(study).Single(comparison => comparison.Question == question);
}
