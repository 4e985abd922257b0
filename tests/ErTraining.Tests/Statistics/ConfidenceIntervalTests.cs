using ErLoss.Training.Statistics;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.Random;

namespace ErTraining.Tests.Statistics;

internal sealed class ConfidenceIntervalTests
{
    // Quantiles of beta distributions, computed with mpmath to 30 digits.
    [TestCase(1, 10, 0.00252857854446178, 0.445016117028195)]
    [TestCase(5, 10, 0.187086028447399, 0.812913971552601)]
    [TestCase(81, 263, 0.252736745585271, 0.367621922601351)]
    [TestCase(634, 2000, 0.296637968025295, 0.337899861402587)]
    public void An_accuracy_s_interval_has_the_tabulated_ends(int right, int images, double low, double high)
    {
        ConfidenceInterval interval = ConfidenceInterval.OfAccuracy((double)right / images, images);
        Assert.Multiple(() =>
        {
            Assert.That(interval.Low, Is.EqualTo(low).Within(1e-10));
            Assert.That(interval.High, Is.EqualTo(high).Within(1e-10));
        });
    }

    // (1 - p)^n = 0.025 has a closed solution.
    [TestCase(1)]
    [TestCase(10)]
    [TestCase(10_000)]
    public void Where_all_or_none_is_right_the_interval_ends_there_and_its_other_end_is_a_root(int images)
    {
        double other = 1 - Math.Pow(0.025, 1.0 / images);
        ConfidenceInterval none = ConfidenceInterval.OfAccuracy(0, images), all = ConfidenceInterval.OfAccuracy(1, images);
        Assert.Multiple(() =>
        {
            Assert.That(none.Low, Is.Zero);
            Assert.That(none.High, Is.EqualTo(other).Within(1e-10));
            Assert.That(all.Low, Is.EqualTo(1 - other).Within(1e-10));
            Assert.That(all.High, Is.EqualTo(1));
        });
    }

    // What the interval is defined by: at its lower end, as many right answers or more have a probability of 2.5%; at its upper end, as many or fewer.
    [TestCase(3, 20)]
    [TestCase(1_900, 2_000)]
    [TestCase(4_213, 10_000)]
    [TestCase(25_000, 50_000)]
    public void At_its_ends_the_tails_of_the_binomial_distribution_have_a_fortieth_each(int right, int images)
    {
        ConfidenceInterval interval = ConfidenceInterval.OfAccuracy((double)right / images, images);
        Assert.Multiple(() =>
        {
            Assert.That(Probability(right, images, images, interval.Low), Is.EqualTo(0.025).Within(1e-7));
            Assert.That(Probability(0, right, images, interval.High), Is.EqualTo(0.025).Within(1e-7));
        });
    }

    // Newcombe's table II of 1998, his method 10, with the intervals of Wilson that he starts from: 56 of 70 against 48 of 80.
    [Test]
    public void A_difference_has_the_interval_that_Newcombe_gives()
    {
        ConfidenceInterval difference = ConfidenceInterval.OfDifference(56.0 / 70, Wilson(56, 70), 48.0 / 80, Wilson(48, 80));
        Assert.Multiple(() =>
        {
            Assert.That(difference.Low, Is.EqualTo(0.0524).Within(5e-5));
            Assert.That(difference.High, Is.EqualTo(0.3339).Within(5e-5));
            Assert.That(difference.Contains(0.0525) && difference.Contains(0.3338) && !difference.Contains(0.05) && !difference.Contains(0.34), Is.True);
        });

        static ConfidenceInterval Wilson(int right, int images)
        {
            const double Z = 1.959964;
            double p = (double)right / images, middle = (2 * images * p + Z * Z) / (2 * (images + Z * Z));
            double reach = Z * Math.Sqrt(Z * Z + 4 * images * p * (1 - p)) / (2 * (images + Z * Z));
            return new(middle - reach, middle + reach);
        }
    }

    // A difference of differences has the squares of all four reaches; with symmetric intervals it is what errors add up to.
    [Test]
    public void A_sum_has_the_reaches_of_its_parts_those_below_where_a_part_is_added_and_those_above_where_it_is_taken_away()
    {
        ConfidenceInterval first = new(7, 14), second = new(4, 9), even = new(-1, 1);
        ConfidenceInterval sum = ConfidenceInterval.OfSum([(10, first, 1), (5, second, -1)]), four = ConfidenceInterval.OfSum([(0, even, 1), (0, even, -1), (0, even, -1), (0, even, 1)]);
        Assert.Multiple(() =>
        {
            Assert.That(sum, Is.EqualTo(new ConfidenceInterval(0, 5 + Math.Sqrt(17))), "5 - √(9 + 16), 5 + √(16 + 1)");
            Assert.That(sum, Is.EqualTo(ConfidenceInterval.OfDifference(10, first, 5, second)));
            Assert.That(four, Is.EqualTo(new ConfidenceInterval(-2, 2)));
        });
    }

    // What an interval is for: of many means it contains the true one in 95 of 100 cases.
    [TestCase(2)]
    [TestCase(5)]
    public void Of_means_of_normal_values_it_contains_the_true_one_as_often_as_it_says(int values)
    {
        const int Experiments = 5_000;
        var random = new MersenneTwister(7);
        double[] drawn = new double[values];
        int right = 0;
        for (int experiment = 0; experiment < Experiments; experiment++)
        {
            Normal.Samples(random, drawn, 3, 2);
            right += ConfidenceInterval.OfMean(drawn)!.Contains(3) ? 1 : 0;
        }
        Assert.That((double)right / Experiments, Is.EqualTo(0.95).Within(0.0125), "four standard errors");
    }

    // Student's quantiles at 97.5%, as tables print them: 12.706 for one degree of freedom, 4.303 for two, 2.776 for four.
    [TestCase(new[] { 50.0, 52 }, 51, 12.706 * 1)]
    [TestCase(new[] { 50.0, 52, 54 }, 52, 4.303 * 2 / 1.7320508)]
    [TestCase(new[] { 1.0, 2, 3, 4, 5 }, 3, 2.776 * 0.70710678)]
    public void A_mean_s_interval_reaches_as_far_as_Student_s_table_says(double[] values, double mean, double reach)
    {
        ConfidenceInterval interval = ConfidenceInterval.OfMean(values)!;
        Assert.Multiple(() =>
        {
            Assert.That((interval.Low + interval.High) / 2, Is.EqualTo(mean).Within(1e-12));
            Assert.That((interval.High - interval.Low) / 2, Is.EqualTo(reach).Within(0.02).Percent);
        });
    }

    // With one degree of freedom Student's distribution is Cauchy's, whose quantile is a tangent.
    [Test]
    public void Two_values_reach_as_far_as_Cauchy_s_distribution_says()
    {
        ConfidenceInterval interval = ConfidenceInterval.OfMean([-1, 1])!;
        Assert.That(interval.High, Is.EqualTo(Math.Tan(Math.PI * 0.475)).Within(1e-9));
        Assert.That(interval.Low, Is.EqualTo(-interval.High));
    }

    [Test]
    public void One_value_has_no_interval() => Assert.That(ConfidenceInterval.OfMean([3.25]), Is.Null);

    [Test]
    public void Equal_values_leave_nothing_open() => Assert.That(ConfidenceInterval.OfMean([7, 7, 7]), Is.EqualTo(new ConfidenceInterval(7, 7)));

    [Test]
    public void It_is_written_with_both_ends_in_the_format_asked_for() =>
        Assert.That(new ConfidenceInterval(0.3676, 0.4112).ToString("p1"), Is.EqualTo("36.8 % to 41.1 %"));

    /// <summary>Of between <paramref name="least"/> and <paramref name="most"/> right answers among <paramref name="images"/>, each right with probability p.</summary>
    private static double Probability(int least, int most, int images, double p)
    {
        double logTerm = images * Math.Log(1 - p), sum = 0;
        for (int right = 0; right <= most; right++)
        {
            sum += right >= least ? Math.Exp(logTerm) : 0;
            logTerm += Math.Log((images - right) / (right + 1.0) * (p / (1 - p)));
        }
        return sum;
    }
}
