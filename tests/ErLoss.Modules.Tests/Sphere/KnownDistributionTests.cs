using TorchSharp;

namespace ErLoss.Modules.Tests;

/// <summary>Estimates from draws of a von Mises–Fisher distribution, against what is known of it.</summary>
/// <remarks>
/// Joe's estimate, each row left out of its own kernels, is biased up by what the kernels (κ = 200) blur of the density (κ = 5) and by
/// the few neighbours in its tails, some 0.03 together; it spreads by the deviation of log p over √n, 0.016. Tolerances hold that for
/// n = 4,000 and six seeds tried.
/// </remarks>
public class KnownDistributionTests : TensorTests
{
    private const int Count = 4000;
    private const double KernelKappa = 200;

    [Test]
    public void JoesEstimateIsNearTheEntropy([Values(0.01, 5.0, 20.0)] double kappa, [Values(1, 2)] int seed)
    {
        double estimate = Estimate(VonMisesFisherSampler.Draw(seed, Count, 3, kappa), EntropyEstimator.Joe);
        Assert.That(estimate, Is.EqualTo(VonMisesFisher.Entropy(3, kappa)).Within(0.06));
    }

    // Its weights are proportional to the density, so draws count by p²/∫p², which is von Mises–Fisher with 2κ: the plug-in estimate is
    // near the cross entropy −log C(κ) − κ·A(2κ), below the entropy −log C(κ) − κ·A(κ).
    [Test]
    public void PlugInEstimateIsNearTheCrossEntropyUnderTheSquaredDensity([Values(0.01, 5.0)] double kappa, [Values(1, 2)] int seed)
    {
        double estimate = Estimate(VonMisesFisherSampler.Draw(seed, Count, 3, kappa), EntropyEstimator.PlugIn);
        double expected = -VonMisesFisher.LogNormalizer(3, kappa) - kappa * VonMisesFisher.MeanResultantLength(3, 2 * kappa);
        Assert.That(estimate, Is.EqualTo(expected).Within(0.08));
    }

    [Test]
    public void BothEstimatesOfUniformDrawsAreNearTheLogAreaOfTheSphere([Values] EntropyEstimator estimator) =>
        Assert.That(Estimate(Draw.UnitRows(3, Count, 3), estimator), Is.EqualTo(Math.Log(4 * Math.PI)).Within(0.03));

    // In 128 dimensions a row's own kernel holds nearly all of the sum; without it the estimate is near the truth.
    [Test]
    public void LeaveOneOutKeepsARowFromMeasuringItself()
    {
        double[,] uniform = Draw.UnitRows(4, 256, 128);
        double logArea = VonMisesFisher.Entropy(128, 1e-6);
        Assert.That(Estimate(uniform, EntropyEstimator.Joe, 10, leaveOneOut: true), Is.EqualTo(logArea).Within(0.1));
        Assert.That(Estimate(uniform, EntropyEstimator.Joe, 10, leaveOneOut: false), Is.Not.NaN.And.LessThan(logArea - 3));
    }

    [Test]
    public void ReconstructionOfPairsIsMinusLogNormalizerLessKappaTimesTheirMeanCosine([Values(3, 16)] int dimension)
    {
        (double[,] first, double[,] second) = Pairs(dimension, 8);
        double meanCosine = Enumerable.Range(0, Count).Average(i => first.Dot(i, second, i));
        Assert.That(Reconstruct(first, second, 8), Is.EqualTo(-VonMisesFisher.LogNormalizer(dimension, 8) - 8 * meanCosine).Within(1e-11));
    }

    // Where the second view is drawn about the first with the loss's own κ, reconstruction is the conditional entropy.
    [Test]
    public void ReconstructionOfPairsDrawnFromTheModelIsItsEntropy([Values(3, 16)] int dimension)
    {
        (double[,] first, double[,] second) = Pairs(dimension, 8);
        double deviation = 8 * Math.Sqrt(CosineVariance(dimension, 8) / Count);
        Assert.That(Reconstruct(first, second, 8), Is.EqualTo(VonMisesFisher.Entropy(dimension, 8)).Within(4 * deviation));
    }

    // Gibbs' inequality: a density with another κ costs more, −log C(κ') − κ'·A(κ) with the true κ's mean cosine A(κ).
    [Test]
    public void ReconstructionWithAnotherKappaIsAboveTheEntropy([Values(2.0, 30.0)] double kappa)
    {
        (double[,] first, double[,] second) = Pairs(3, 8);
        double crossEntropy = -VonMisesFisher.LogNormalizer(3, kappa) - kappa * VonMisesFisher.MeanResultantLength(3, 8);
        double deviation = kappa * Math.Sqrt(CosineVariance(3, 8) / Count);
        Assert.That(Reconstruct(first, second, kappa), Is.EqualTo(crossEntropy).Within(4 * deviation));
        Assert.That(crossEntropy, Is.GreaterThan(VonMisesFisher.Entropy(3, 8) + 4 * deviation));
    }

    private static (double[,] First, double[,] Second) Pairs(int dimension, double kappa)
    {
        double[,] first = Draw.UnitRows(5, Count, dimension);
        return (first, VonMisesFisherSampler.Draw(6, first, kappa));
    }

    // A' = 1 − A² − (d − 1)·A/κ.
    private static double CosineVariance(int dimension, double kappa)
    {
        double mean = VonMisesFisher.MeanResultantLength(dimension, kappa);
        return 1 - mean * mean - (dimension - 1) * mean / kappa;
    }

    private static double Estimate(double[,] rows, EntropyEstimator estimator, double kappa = KernelKappa, bool leaveOneOut = true)
    {
        using var entropy = EntropyReconstruction.entropy(rows.ToTensor(), kappa, estimator: estimator, leaveOneOut: leaveOneOut, normalizeInputs: false);
        return entropy.ToDouble();
    }

    private static double Reconstruct(double[,] first, double[,] second, double kappa)
    {
        using var reconstruction = EntropyReconstruction.reconstruction(first.ToTensor(), second.ToTensor(), kappa, normalizeInputs: false);
        return reconstruction.ToDouble();
    }
}
