using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>The figures that the reference code's README prints: k = d = 1000, κ = 10, random inputs that it does not fix.</summary>
/// <remarks>
/// Tolerances hold the spread over seeds, twice or more of what five of them showed, and the float32 rounding of the published
/// numbers (1.5e-5 a step at 249; the plug-in's sum over 1000 weights is ten steps off).
/// </remarks>
public class PublishedFiguresTests : TensorTests
{
    private const int Size = 1000;

    [TestCase(EntropyEstimator.PlugIn, -249.308487, 2e-4)]
    [TestCase(EntropyEstimator.Joe, -249.308334, 1e-4)]
    public void EntropyOfUniformDirections(EntropyEstimator estimator, double published, double tolerance)
    {
        using var entropy = EntropyReconstruction.entropy(
            Draw.UnitRows(1, Size, Size).ToTensor(), estimator: estimator, normalizer: Normalizer.Reference, normalizeInputs: false);
        Assert.That(entropy.ToDouble(), Is.EqualTo(published).Within(tolerance));
    }

    // Nothing on the sphere has more entropy than the uniform distribution's log-area; the published figure does.
    [Test]
    public void EntropyOfUniformDirectionsWithTheExactNormalizerIsBelowThatOfTheUniformDistribution([Values] EntropyEstimator estimator)
    {
        double uniform = VonMisesFisher.Entropy(Size, 1e-6);
        using var entropy = EntropyReconstruction.entropy(Draw.UnitRows(1, Size, Size).ToTensor(), estimator: estimator, normalizeInputs: false);
        Assert.That(uniform, Is.EqualTo(-2032.1).Within(0.05));
        Assert.That(entropy.ToDouble(), Is.Not.NaN.And.LessThan(uniform));
        Assert.That(entropy.ToDouble(), Is.EqualTo(-2035.1466).Within(5e-4));
    }

    [TestCase(1, 6.907612, 1e-5)]
    [TestCase(1000, 6.695544, 0.05)]
    public void DiscreteEntropyOfSoftmaxOfUniformNumbers(double scale, double published, double tolerance)
    {
        using var entropy = DiscreteEntropy(Draw.Uniform(1, Size, Size).Select(x => scale * x).WithSoftmaxRows().ToTensor());
        Assert.That(entropy.ToDouble(), Is.EqualTo(published).Within(tolerance));
        Assert.That(entropy.ToDouble(), Is.Not.NaN.And.LessThan(Math.Log(Size)));
    }

    // −log(1 + 1e-7), where float32 has 1.19e-7 next to one.
    [TestCase(ScalarType.Float32, -1.1920928e-7)]
    [TestCase(ScalarType.Float64, -1e-7)]
    public void DiscreteEntropyOfOneHotRowsIsMinusTheFloor(ScalarType dtype, double expected)
    {
        using var entropy = DiscreteEntropy(Matrix.Create(Size, Size, (_, c) => c == 3 ? 1 : 0).ToTensor(dtype));
        Assert.That(entropy.ToDouble(), Is.EqualTo(expected).Within(1e-13));
    }

    [Test]
    public void ReconstructionOfTwoNoisyCopies()
    {
        (double[,] first, double[,] second) = NoisyCopies(1);
        using var reconstruction = EntropyReconstruction.reconstruction(
            first.WithUnitRows().ToTensor(), second.WithUnitRows().ToTensor(), normalizer: Normalizer.Reference, normalizeInputs: false);
        Assert.That(reconstruction.ToDouble(), Is.EqualTo(-248.655258).Within(0.05));
    }

    [Test]
    public void DiscreteReconstructionOfTwoNoisyCopies()
    {
        (double[,] first, double[,] second) = NoisyCopies(10);
        using var reconstruction = EntropyReconstruction.reconstruction(
            first.WithSoftmaxRows().ToTensor(),
            second.WithSoftmaxRows().ToTensor(),
            support: Support.Discrete,
            normalizer: Normalizer.Reference, normalizeInputs: false);
        Assert.That(reconstruction.ToDouble(), Is.EqualTo(6.100685).Within(0.02));
    }

    private static (double[,] First, double[,] Second) NoisyCopies(double scale)
    {
        double[,] common = Draw.Uniform(1, Size, Size);
        double[,] noise1 = Draw.Normal(2, Size, Size);
        double[,] noise2 = Draw.Normal(3, Size, Size);
        return (
            Matrix.Create(Size, Size, (i, c) => scale * common[i, c] + noise1[i, c]),
            Matrix.Create(Size, Size, (i, c) => scale * common[i, c] + noise2[i, c]));
    }

    private static Tensor DiscreteEntropy(Tensor distributions) =>
        EntropyReconstruction.entropy(distributions, support: Support.Discrete, normalizer: Normalizer.Reference, normalizeInputs: false);
}
