using MathNet.Numerics;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.Integration;

namespace ErLoss.Training.Statistics;

/// <summary>
/// How likely Student's paired test finds a difference of a given size: the test asks whether the 95% interval of the mean of n differences, <see cref="ConfidenceInterval.OfMean"/>,
/// leaves zero out.
/// </summary>
/// <remarks>
/// For differences from a normal distribution, the test's statistic has Student's noncentral distribution, which is that of (Z + δ) / S with a standard normal Z and, independent of it, the root S of a χ² variable over its
/// degrees of freedom. The probability is an integral over the density of S.
/// </remarks>
internal static class PairedPower
{
    /// <summary>The power that is usual in planning: four of five such studies find the difference.</summary>
    public const double Usual = 0.8;

    /// <summary>The most pairs that are thought of.</summary>
    public const int MostPairs = 9_999;

    private const double Tail = (1 - ConfidenceInterval.Level) / 2;
    private const int IntegrationPoints = 512;

    /// <summary>The probability that the test finds a difference.</summary>
    /// <param name="difference">The true mean of the differences.</param>
    /// <param name="deviation">Their true standard deviation, not negative.</param>
    /// <param name="pairs">How many pairs there are, at least 2.</param>
    public static double Of(double difference, double deviation, int pairs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pairs, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(deviation);
        if (deviation == 0)
        {
            return difference == 0 ? 0 : 1;
        }
        int freedom = pairs - 1;
        double bound = StudentT.InvCDF(0, 1, freedom, 1 - Tail), shift = Math.Abs(difference) / deviation * Math.Sqrt(pairs);
        double reach = 10 / Math.Sqrt(freedom); // fourteen standard deviations of S, whose mean is near 1
        return GaussLegendreRule.Integrate(
            s => Density(s, freedom) * (Normal.CDF(0, 1, shift - bound * s) + Normal.CDF(0, 1, -shift - bound * s)),
            Math.Max(0, 1 - reach),
            1 + reach,
            IntegrationPoints);
    }

    /// <summary>The least number of pairs with which the test finds a difference with the usual power; null if even the most are too few, as for no difference.</summary>
    /// <param name="difference">The true mean of the differences.</param>
    /// <param name="deviation">Their true standard deviation, not negative.</param>
    public static int? PairsFor(double difference, double deviation)
    {
        if (Of(difference, deviation, MostPairs) < Usual)
        {
            return null;
        }
        (int tooFew, int enough) = (1, MostPairs);
        while (enough - tooFew > 1)
        {
            int middle = (tooFew + enough) / 2;
            (tooFew, enough) = Of(difference, deviation, middle) < Usual ? (middle, enough) : (tooFew, middle);
        }
        return enough;
    }

    /// <summary>The density of the root of a χ² variable over its degrees of freedom.</summary>
    private static double Density(double s, int freedom)
    {
        double half = freedom / 2.0;
        return Math.Exp(Math.Log(2) + half * Math.Log(half) - SpecialFunctions.GammaLn(half) + (freedom - 1) * Math.Log(s) - half * s * s);
    }
}
