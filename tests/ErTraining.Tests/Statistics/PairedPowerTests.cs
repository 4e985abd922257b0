using ErLoss.Training.Statistics;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.Random;

namespace ErTraining.Tests.Statistics;

internal sealed class PairedPowerTests
{
    // Where there is no difference, the test finds one with a probability of a twentieth: its level.
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(20)]
    [TestCase(9_999)]
    public void Without_a_difference_it_is_the_level(int pairs) => Assert.That(PairedPower.Of(0, 1.5, pairs), Is.EqualTo(0.05).Within(1e-6));

    // Numbers of pairs for a power of 0.8 at a level of 5%, two-sided, as tables of the paired test have them by the difference in deviations (Cohen's d).
    [TestCase(0.2, 199)]
    [TestCase(0.5, 34)]
    [TestCase(0.8, 15)]
    [TestCase(1.0, 10)]
    [TestCase(2.0, 5)]
    public void Pairs_are_as_many_as_in_tables(double difference, int pairs) => Assert.That(PairedPower.PairsFor(-3 * difference, 3), Is.EqualTo(pairs));

    // With two pairs the statistic is (Z + δ) / |Z'| with two standard normals, so that the test finds a difference where |Z'| is below |Z + δ| over the quantile: a plain integral over Z.
    [TestCase(0.5)]
    [TestCase(4.0)]
    [TestCase(12.0)]
    public void Two_pairs_have_the_probability_of_a_wedge_under_two_normals(double difference)
    {
        double bound = Math.Tan(Math.PI * 0.475), shift = difference * Math.Sqrt(2);
        double wedge = Enumerable.Range(-9_000, 18_001).Select(step => step / 1000.0).Sum(z => Normal.PDF(0, 1, z) * (2 * Normal.CDF(0, 1, Math.Abs(z + shift) / bound) - 1) / 1000);
        Assert.That(PairedPower.Of(difference, 1, 2), Is.EqualTo(wedge).Within(1e-6));
    }

    [TestCase(0.7, 1.0, 3)]
    [TestCase(2.0, 1.0, 3)]
    [TestCase(1.0, 2.0, 12)]
    public void Studies_that_are_drawn_find_the_difference_as_often(double difference, double deviation, int pairs)
    {
        const int Studies = 5_000;
        var random = new MersenneTwister(42);
        double[] values = new double[pairs];
        int found = 0;
        for (int study = 0; study < Studies; study++)
        {
            Normal.Samples(random, values, difference, deviation);
            found += ConfidenceInterval.OfMean(values)!.Contains(0) ? 0 : 1;
        }
        Assert.That(PairedPower.Of(difference, deviation, pairs), Is.EqualTo((double)found / Studies).Within(4 * Math.Sqrt(0.25 / Studies)));
    }

    [Test]
    public void Equal_differences_need_two_pairs_and_none_need_more_than_there_are()
    {
        Assert.Multiple(() =>
        {
            Assert.That(PairedPower.PairsFor(0.1, 0), Is.EqualTo(2));
            Assert.That(PairedPower.PairsFor(0, 0), Is.Null);
            Assert.That(PairedPower.PairsFor(0, 1), Is.Null);
            Assert.That(PairedPower.PairsFor(0.02, 1), Is.Null, "19,626 would be enough");
            Assert.That(PairedPower.PairsFor(1000, 1), Is.EqualTo(2));
            Assert.That(() => PairedPower.Of(1, 1, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
    }
}
