using ErTraining.Reports;

namespace ErTraining.Tests.Reports;

internal sealed class AxisTicksTests
{
    [TestCase(0.38, 0.77, "0.3 0.4 0.5 0.6 0.7 0.8")]
    [TestCase(-135.64, -134.78, "−135.8 −135.6 −135.4 −135.2 −135.0 −134.8 −134.6")]
    [TestCase(-0.01, 0.9, "−0.2 0.0 0.2 0.4 0.6 0.8 1.0")]
    [TestCase(0, 11, "0.0 2.5 5.0 7.5 10.0 12.5")]
    [TestCase(1e-6, 3e-6, "0.0000010 0.0000015 0.0000020 0.0000025 0.0000030")]
    [TestCase(10, 10, "9.4 9.6 9.8 10.0 10.2 10.4 10.6")]
    [TestCase(0, 0, "−0.0010 −0.0005 0.0000 0.0005 0.0010")]
    public void Labels_have_the_same_decimals_and_true_minus_signs_and_span_the_values(double least, double greatest, string labels)
    {
        var ticks = AxisTicks.Around(least, greatest, 5);
        Assert.That(string.Join(' ', ticks.Ticks.Select(tick => tick.Label)), Is.EqualTo(labels));
        Assert.That((ticks.First <= least, ticks.Last >= greatest), Is.EqualTo((true, true)));
    }

    [TestCase(0, 4, "0 1 2 3 4")]
    [TestCase(1, 9, "2 4 6 8")]
    [TestCase(0, 20, "0 5 10 15 20")]
    [TestCase(0, 1000, "0 200 400 600 800 1000")]
    public void Epochs_are_whole_numbers(int least, int greatest, string labels) =>
        Assert.That(string.Join(' ', AxisTicks.Whole(least, greatest, 6).Ticks.Select(tick => tick.Label)), Is.EqualTo(labels));
}
