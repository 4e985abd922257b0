using ErLoss.Training;
using ErLoss.Training.Settings;

namespace ErTraining.Tests.Training;

internal sealed class RunScheduleTests
{
    private const int StepsPerEpoch = 10;

    private static readonly RunSettings s_six = Given.Settings("epochs=6 learning_rate=2 warmup_epochs=1 evaluations=3");

    [Test]
    public void A_run_that_is_extended_gets_a_whole_schedule_for_the_rest()
    {
        var six = new RunSchedule(s_six, StepsPerEpoch);
        var extended = new RunSchedule(s_six.WithEpochs(8, 60), StepsPerEpoch);
        Assert.Multiple(() =>
        {
            for (int step = 0; step < 60; step++)
            {
                Assert.That(extended.LearningRateAt(step), Is.EqualTo(six.LearningRateAt(step)));
                Assert.That(extended.ProgressAfter(step), Is.EqualTo((step + 1) / 60.0));
            }
            Assert.That(extended.LearningRateAt(60), Is.EqualTo(2 / 3.0).Within(1e-15), "a third of the way up");
            Assert.That(extended.LearningRateAt(62), Is.EqualTo(2).Within(1e-15), "the peak, after the sixth part of two epochs, which was the share of the warm-up before");
            Assert.That(extended.WarmupEpochs, Is.EqualTo(1 / 3.0).Within(1e-15));
            Assert.That(extended.LearningRateAt(71), Is.EqualTo(1 + Math.Cos(Math.PI * 8 / 17)).Within(1e-15), "on the way down the cosine");
            Assert.That(extended.ProgressAfter(60), Is.EqualTo(1 / 20.0));
            Assert.That(extended.ProgressAfter(79), Is.EqualTo(1));
            Assert.That(Enumerable.Range(1, 8).Where(epoch => extended.IsEvaluated(epoch, 3)), Is.EqualTo((int[])[2, 4, 6, 8]), "as planned before, and after");
        });
    }

    [Test]
    public void Without_a_length_of_its_own_the_warm_up_is_a_tenth_of_the_rest()
    {
        RunSettings settings = Given.Settings("epochs=6 learning_rate=2").WithEpochs(10, 50);
        var schedule = new RunSchedule(settings, StepsPerEpoch);
        Assert.That(Enumerable.Range(50, 5).Select(step => schedule.LearningRateAt(step)), Is.EqualTo((double[])[0.4, 0.8, 1.2, 1.6, 2]).Within(1e-15));
    }

    [Test]
    public void Each_change_is_a_place_of_its_own_unless_no_step_came_between()
    {
        RunSettings twice = s_six.WithEpochs(8, 45).WithEpochs(9, 45).WithEpochs(12, 90);
        Assert.Multiple(() =>
        {
            Assert.That((twice.Epochs, twice.Restarts), Is.EqualTo((12, "45:6 90:9")));
            Assert.That(
                ((long[])[0, 45, 46, 90, 91]).Select(twice.Until).Select(until => (until.Epochs, until.Restarts)),
                Is.EqualTo(((int, string?)[])[(6, null), (6, null), (9, "45:6"), (9, "45:6"), (12, "45:6 90:9")]));
            Assert.That(twice.WithEpochs(3, 0), Is.EqualTo(s_six with { Epochs = 3 }), "nothing was trained yet");
            Assert.That((twice.WithEpochs(7, 20).Epochs, twice.WithEpochs(7, 20).Restarts), Is.EqualTo((7, "20:6")), "neither place was come to");
            Assert.That(twice.WithEpochs(10, 60).Restarts, Is.EqualTo("45:6 60:9"), "the second place was not come to");
            Assert.That(s_six.WithEpochs(8, 60, hasNewOptimizer: true).Restarts, Is.EqualTo("60:6!"));
            Assert.That(new RunSchedule(s_six.WithEpochs(8, 60, hasNewOptimizer: true), StepsPerEpoch).HasNewOptimizerAt(60));
            Assert.That(new RunSchedule(s_six.WithEpochs(8, 60), StepsPerEpoch).HasNewOptimizerAt(60), Is.False);
        });
    }

    [TestCase("60:6", 6)]
    [TestCase("61:6", 8)]
    [TestCase("10:6 70:6", 8)]
    public void Places_that_no_such_run_comes_to_are_refused(string restarts, int epochs) => Assert.That(
        () => new RunSchedule(s_six with { Restarts = restarts, Epochs = epochs }, StepsPerEpoch), Throws.TypeOf<SettingsException>().With.Message.Contains(restarts));

    [Test]
    public void A_refusal_counts_in_words() => Assert.That(
        () => new RunSchedule(s_six with { Restarts = "10:1", Epochs = 1 }, StepsPerEpoch), Throws.TypeOf<SettingsException>().With.Message.Contains("no run of 1 epoch of 10 steps"));

    [TestCase("6")]
    [TestCase("60:6 60:7")]
    [TestCase("-1:6")]
    [TestCase("0:6")]
    [TestCase("60:99999999999")]
    public void Text_that_names_no_places_is_refused(string restarts) => Assert.That(
        () => Registry.Default.Document.Check(s_six with { Restarts = restarts }),
        Throws.TypeOf<SettingsException>().With.Message.Contains($"restarts is '{restarts}'; numbers of steps and epochs in rising order are wanted"));
}
