using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

internal sealed class StudyClockTests
{
    [Test]
    public void Epochs_left_take_the_time_of_their_method() => Assert.That(
        Left(1, [new("byol", 10, 100), new("simclr", 10, 40), new("simclr", 20, 120)], [new("byol", 6, 1), new("simclr", 10, null), new("dino", 10, null)]),
        Is.EqualTo(60 + 50 + 200.0 / 3).Within(1e-4), "6 of BYOL's at 10 s, 10 of SimCLR's at 5 s, 10 of DINO's at the mean of all");

    [Test]
    public void Before_a_cell_is_finished_those_that_run_give_the_pace() => Assert.That(
        Left(1, [], [new("byol", 5, 2), new("simclr", 10, null)]), Is.EqualTo(10 + 20).Within(1e-9));

    [Test]
    public void Cells_side_by_side_share_the_time() =>
        Assert.That(Left(4, [new("byol", 10, 10)], [new("byol", 10, null), new("byol", 10, null)]), Is.EqualTo(10).Within(1e-9), "two lanes are in use");

    [Test]
    public void Nobody_can_tell_without_a_pace() => Assert.That(Left(1, [], [new("byol", 10, null), new("byol", 10, null)]), Is.Null);

    [Test]
    public void Nothing_is_left_at_the_end() => Assert.That(Left(1, [new("byol", 10, 10)], []), Is.Zero);

    private static double? Left(int parallel, StudyClock.Finished[] finished, StudyClock.Unfinished[] unfinished) =>
        new StudyClock(parallel).TimeLeft(finished, unfinished)?.TotalSeconds;
}
