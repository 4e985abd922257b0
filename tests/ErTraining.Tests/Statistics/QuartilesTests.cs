using ErLoss.Benchmarks;

namespace ErTraining.Tests.Statistics;

/// <summary>The quartiles of the benchmarks against those of Python's <c>statistics.quantiles(values, n=4, method="inclusive")</c>, which pytorch_baseline.py takes.</summary>
internal sealed class QuartilesTests
{
    [TestCase(new[] { 4.0, 1, 3, 2 }, 1.75, 2.5, 3.25)]
    [TestCase(new[] { 1.0, 2, 4, 8, 16 }, 2, 4, 8)]
    [TestCase(new[] { 9.5, 0.5 }, 2.75, 5, 7.25)]
    [TestCase(new[] { 3.0, 1, 2, 6, 5, 10, 7 }, 2.5, 5, 6.5)]
    public void They_are_linear_between_neighbours(double[] values, double first, double median, double third) =>
        Assert.That(Quartiles.Compute(values), Is.EqualTo(new Quartiles(first, median, third)));

    [Test]
    public void One_value_is_all_three() => Assert.That(Quartiles.Compute([2.5]), Is.EqualTo(new Quartiles(2.5, 2.5, 2.5)));
}
