using TorchSharp;

namespace ErLoss.Modules.Tests;

/// <summary>Batches on the sphere whose terms are known in closed form.</summary>
public class SphereClosedFormTests : TensorTests
{
    private const double Tolerance = 1e-12;

    [Test]
    public void OneRowIsItsOwnKernel(
        [Values] EntropyEstimator estimator, [Values(2, 3, 50)] int dimension, [Values(0.5, 20.0)] double kappa)
    {
        double[,] row = Draw.UnitRows(1, 1, dimension);
        double expected = -VonMisesFisher.LogNormalizer(dimension, kappa) - kappa;
        Assert.That(Entropy(row, kappa, estimator), Is.EqualTo(expected).Within(Tolerance * (1 + Math.Abs(expected))));
    }

    [Test]
    public void EqualRowsAreOneKernelWithAndWithoutLeaveOneOut([Values] EntropyEstimator estimator, [Values] bool leaveOneOut)
    {
        double[,] row = Draw.UnitRows(2, 1, 4);
        double[,] rows = Matrix.Create(7, 4, (_, c) => row[0, c]);
        double expected = -VonMisesFisher.LogNormalizer(4, 6) - 6;
        Assert.That(Entropy(rows, 6, estimator, leaveOneOut), Is.EqualTo(expected).Within(Tolerance));
    }

    // Each row sees itself and k - 1 others at cosine zero.
    [Test]
    public void OrthogonalRowsSeeThemselvesAndNothingElse([Values] EntropyEstimator estimator, [Values(2, 5, 40)] int size)
    {
        double expected = -VonMisesFisher.LogNormalizer(size, 3) + Math.Log(size) - Math.Log(Math.Exp(3) + size - 1);
        Assert.That(Entropy(Matrix.Identity(size), 3, estimator), Is.EqualTo(expected).Within(Tolerance * (1 + Math.Abs(expected))));
    }

    [Test]
    public void OrthogonalRowsLeftOutOfTheirOwnEstimateHaveTheDensityOfOneKernelAtRightAngles(
        [Values] EntropyEstimator estimator, [Values(2, 5, 40)] int size)
    {
        double expected = -VonMisesFisher.LogNormalizer(size, 3);
        Assert.That(Entropy(Matrix.Identity(size), 3, estimator, true), Is.EqualTo(expected).Within(Tolerance * (1 + Math.Abs(expected))));
    }

    // p̂ = C·e^κ/2 at the two poles' own kernels, the opposite ones adding C·e^-κ/2.
    [Test]
    public void OppositeRowsShareTheSphere([Values] EntropyEstimator estimator)
    {
        double expected = -VonMisesFisher.LogNormalizer(2, 1.5) - Math.Log(Math.Cosh(1.5));
        Assert.That(Entropy(new[,] { { 0.6, 0.8 }, { -0.6, -0.8 } }, 1.5, estimator), Is.EqualTo(expected).Within(Tolerance));
    }

    [TestCase(0, 2.0)]
    [TestCase(1, 0.0)]
    [TestCase(2, -2.0)]
    public void ReconstructionIsMinusKappaTimesCosineLessTheNormalizer(int column, double sign)
    {
        double[,] first = Matrix.Create(4, 3, (_, c) => c == 0 ? 1 : 0);
        double[,] second = Matrix.Create(4, 3, (_, c) => column == 1 ? (c == 1 ? 1 : 0) : (c == 0 ? Math.Sign(sign) : 0));
        using var reconstruction = EntropyReconstruction.reconstruction(first.ToTensor(), second.ToTensor(), 2, normalizeInputs: false);
        Assert.That(reconstruction.ToDouble(), Is.EqualTo(-sign - VonMisesFisher.LogNormalizer(3, 2)).Within(Tolerance));
    }

    // On the circle C = 1/(2π·I_0(κ)).
    [TestCase(1e-3)]
    [TestCase(0.7)]
    [TestCase(10)]
    [TestCase(30)]
    public void OnTheCircleTheConstantIsThatOfBesselI0(double kappa) =>
        AssertConstant(2, kappa, -Math.Log(2 * Math.PI * BesselI0(kappa)));

    // In three dimensions C = κ/(4π·sinh κ).
    [TestCase(1e-3)]
    [TestCase(0.7)]
    [TestCase(10)]
    [TestCase(300)]
    public void InThreeDimensionsTheConstantIsThatOfTheHyperbolicSine(double kappa) =>
        AssertConstant(3, kappa, Math.Log(kappa / (4 * Math.PI)) - (kappa + Math.Log(-Math.Exp(-2 * kappa) / 2 + 0.5)));

    // What floors I_0(10) = 2816 by 1e-7 moves nothing; what floors I_63(10), e^-99, replaces it.
    [Test]
    public void ReferenceNormalizerIsExactInLowDimensionAndTheFloorInHigh()
    {
        double Difference(int dimension)
        {
            double[,] row = Draw.UnitRows(3, 1, dimension);
            return Entropy(row, 10, EntropyEstimator.Joe, normalizer: Normalizer.Reference) - Entropy(row, 10, EntropyEstimator.Joe);
        }
        Assert.That(Difference(2), Is.Zero.Within(1e-10));
        Assert.That(Difference(128), Is.EqualTo(Math.Log(1e-7) + 99.23).Within(0.005));
    }

    private static void AssertConstant(int dimension, double kappa, double logNormalizer)
    {
        double[,] row = Draw.UnitRows(4, 1, dimension);
        Assert.That(
            Entropy(row, kappa, EntropyEstimator.Joe), Is.EqualTo(-kappa - logNormalizer).Within(Tolerance * Math.Max(1, kappa)));
        using var reconstruction = EntropyReconstruction.reconstruction(row.ToTensor(), row.ToTensor(), kappa, normalizeInputs: false);
        Assert.That(reconstruction.ToDouble(), Is.EqualTo(-kappa - logNormalizer).Within(Tolerance * Math.Max(1, kappa)));
    }

    private static double Entropy(
        double[,] rows, double kappa, EntropyEstimator estimator, bool leaveOneOut = false, Normalizer normalizer = Normalizer.Exact)
    {
        using var entropy = EntropyReconstruction.entropy(
            rows.ToTensor(), kappa, estimator: estimator, normalizer: normalizer, leaveOneOut: leaveOneOut, normalizeInputs: false);
        return entropy.ToDouble();
    }

    // I_0(x) = Σ (x²/4)^n / (n!)², DLMF 10.25.2.
    private static double BesselI0(double x)
    {
        double term = 1;
        double sum = 1;
        for (int n = 1; n < 200; n++)
        {
            term *= x * x / 4 / n / n;
            sum += term;
        }
        return sum;
    }
}
