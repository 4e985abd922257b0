using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace ErLoss.Training.Statistics;

/// <summary>
/// A 95% confidence interval: of the intervals that are computed in the same way from many repeated experiments, 95% contain the true value.
/// </summary>
/// <param name="Low">Its lower end.</param>
/// <param name="High">Its upper end.</param>
internal sealed record ConfidenceInterval(double Low, double High)
{
    /// <summary>The probability with which the interval contains the true value.</summary>
    public const double Level = 0.95;

    private const double LowerTail = (1 - Level) / 2, UpperTail = 1 - LowerTail;

    /// <summary>
    /// The interval of Clopper and Pearson ("The use of confidence or fiducial limits illustrated in the case of the binomial", 1934) for the accuracy that a
    /// classifier has on all images like the test images, which are taken as independent draws.
    /// </summary>
    /// <remarks>
    /// Its ends are quantiles of beta distributions. Of the intervals in use it is the one that contains the true accuracy with 95% or more whatever that accuracy and
    /// the number of images are; Jeffreys's interval does so on average over accuracies only. What the guarantee costs is seen in small test sets alone: of 2,000
    /// images it makes the interval wider by 0.05 points. How another training run would come out is not in it.
    /// </remarks>
    /// <param name="accuracy">The fraction of the test images that is classified rightly, 0 to 1.</param>
    /// <param name="images">The number of test images, positive.</param>
    public static ConfidenceInterval OfAccuracy(double accuracy, int images)
    {
        double right = Math.Round(accuracy * images), wrong = images - right;
        return new(
            right == 0 ? 0 : Beta.InvCDF(right, wrong + 1, LowerTail),
            wrong == 0 ? 1 : Beta.InvCDF(right + 1, wrong, UpperTail));
    }

    /// <summary>
    /// Student's interval for the mean that independent values come from, if they are normally distributed: the sample mean plus and minus the standard error times the
    /// quantile of Student's t distribution. Null of fewer than two values, which say nothing of their spread.
    /// </summary>
    /// <param name="values">The values, such as one accuracy a seed.</param>
    public static ConfidenceInterval? OfMean(IReadOnlyCollection<double> values)
    {
        if (values.Count < 2)
        {
            return null;
        }
        (double mean, double deviation) = values.MeanStandardDeviation();
        double reach = StudentT.InvCDF(0, 1, values.Count - 1, UpperTail) * deviation / Math.Sqrt(values.Count);
        return new(mean - reach, mean + reach);
    }

    /// <summary>
    /// The interval of the difference of two quantities that were estimated independently, from the interval of each (Newcombe, "Interval estimation for the difference between independent
    /// proportions", 1998; Zou and Donner, "Construction of confidence limits about effect measures", 2008).
    /// </summary>
    /// <remarks>
    /// Two encoders that are tested on the same images are right on many of them together, so that the difference of their accuracies varies less than this interval says.
    /// </remarks>
    /// <param name="first">The estimate from which the other is taken.</param>
    /// <param name="ofFirst">Its interval.</param>
    /// <param name="second">The other estimate.</param>
    /// <param name="ofSecond">Its interval.</param>
    public static ConfidenceInterval OfDifference(double first, ConfidenceInterval ofFirst, double second, ConfidenceInterval ofSecond) =>
        OfSum([(first, ofFirst, 1), (second, ofSecond, -1)]);

    /// <summary>The same for a sum of quantities, each added or taken away, that were estimated independently, such as the difference of two differences.</summary>
    /// <param name="parts">Each estimate with its interval, and 1 if it is added, -1 if it is taken away.</param>
    public static ConfidenceInterval OfSum(IReadOnlyCollection<(double Estimate, ConfidenceInterval Interval, int Sign)> parts)
    {
        double sum = parts.Sum(part => part.Sign * part.Estimate);
        double below = parts.Sum(part => Square(part.Sign > 0 ? part.Estimate - part.Interval.Low : part.Interval.High - part.Estimate));
        double above = parts.Sum(part => Square(part.Sign > 0 ? part.Interval.High - part.Estimate : part.Estimate - part.Interval.Low));
        return new(sum - Math.Sqrt(below), sum + Math.Sqrt(above));

        static double Square(double reach) => reach * reach;
    }

    /// <summary>Whether a value is one of those that the interval does not rule out.</summary>
    public bool Contains(double value) => value >= Low && value <= High;

    /// <summary>The interval as text, both ends in the given format: "36.8 % to 41.1 %".</summary>
    public string ToString(string format) => ToString(end => end.ToString(format));

    /// <summary>The interval as text, each end as it is told.</summary>
    public string ToString(Func<double, string> format) => $"{format(Low)} to {format(High)}";
}
