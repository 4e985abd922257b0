using ErLoss.Training.Methods;
using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

internal sealed class StudyPlanTests
{
    private static readonly StudySettings s_byol = new() { Methods = ["byol"], Objectives = [Objective.Er], BatchSizes = [64, 512], Emas = [0.99, 0.8] };

    [Test]
    public void Variants_differ_from_the_reference_in_one_thing() => Assert.That(
        Names(s_byol), Is.EqualTo((string[])["byol-er-b512-ema0.99-s0", "byol-er-b64-ema0.99-s0", "byol-er-b512-ema0.8-s0"]));

    [Test]
    public void A_full_grid_has_all_combinations() => Assert.That(
        Names(s_byol with { FullGrid = true }),
        Is.EqualTo((string[])["byol-er-b512-ema0.99-s0", "byol-er-b64-ema0.99-s0", "byol-er-b512-ema0.8-s0", "byol-er-b64-ema0.8-s0"]));

    [Test]
    public void A_method_without_a_teacher_has_batch_sizes_only() =>
        Assert.That(Names(s_byol with { Methods = ["simclr"] }), Is.EqualTo((string[])["simclr-er-b512-s0", "simclr-er-b64-s0"]));

    [Test]
    public void Centring_is_a_matter_of_methods_that_centre() => Assert.That(
        Names(s_byol with { Methods = ["byol", "dino"], BatchSizes = [64], Emas = [0.9], Centerings = [true, false] }),
        Is.EqualTo((string[])["byol-er-b64-ema0.9-s0", "dino-er-b64-ema0.9-s0", "dino-er-b64-ema0.9-nocentering-s0"]));

    [Test]
    public void One_seed_comes_after_the_other() => Assert.That(
        Names(s_byol with { Methods = ["simclr"], Objectives = [Objective.Native, Objective.Er], BatchSizes = [8], Seeds = [3, 1] }),
        Is.EqualTo((string[])["simclr-native-b8-s3", "simclr-er-b8-s3", "simclr-native-b8-s1", "simclr-er-b8-s1"]));

    [TestCase("adamw", 0.5)]
    [TestCase("sgd", 0.25)]
    [TestCase("lars", 0.25)]
    public void The_learning_rate_follows_the_batch_size(string optimizer, double expected)
    {
        StudyPlan plan = Sample.Plan(new StudySettings { Methods = ["simclr"], Objectives = [Objective.Er], BatchSizes = [400, 100] }, Given.Settings($"optimizer={optimizer}").Optimizer);
        Assert.That(plan.Cells.Select(cell => cell.LearningRate), Is.EqualTo((double[])[1, expected]));
    }

    [Test]
    public void Variants_say_how_they_differ()
    {
        var reference = new StudyVariant("dino", Objective.Er, 512, 0.99, true);
        Assert.That(
            (reference with { BatchSize = 64, Ema = 0.8, Centering = false }).DifferencesFrom(reference),
            Is.EqualTo((string[])["batch 64", "EMA 0.8", "no centring"]));
    }

    private static string[] Names(StudySettings settings) => [.. Sample.Plan(settings).Cells.Select(cell => cell.Name)];
}
