using MathNet.Numerics;

namespace ErLoss.Modules.Tests;

/// <summary>
/// The distribution's functions against MathNet.Numerics' special functions, which are other algorithms (Amos's for Bessel functions, Lanczos's for the gamma function),
/// at orders and arguments where those do not underflow.
/// </summary>
public class MathNetTests
{
    private const double Smallest = 1e-290; // below this MathNet's scaled Bessel function loses digits on its way to zero
    private const double Tolerance = 5e-13; // MathNet's own error reaches 1.6e-13

    private static readonly double[] s_arguments = [1e-3, 0.1, 1, 10, 49.9, 50.1, 100, 500, 1e3, 1e4, 1e5];

    [TestCaseSource(nameof(s_arguments))]
    public void LogBesselIAgrees(double x)
    {
        (double Order, double Error)[] errors =
        [
            .. from order in Enumerable.Range(0, 2001).Select(half => 0.5 * half)
               let scaled = SpecialFunctions.BesselIScaled(order, x)
               where scaled > Smallest
               let expected = Math.Log(scaled) + x
               select (order, Math.Abs(VonMisesFisher.LogBesselI(order, x) - expected) / Math.Max(1, Math.Abs(expected))),
        ];
        Assert.That(errors, Has.Length.GreaterThan(100));
        Assert.That(errors.Where(point => !(point.Error <= Tolerance)), Is.Empty);
    }

    [TestCaseSource(nameof(s_arguments))]
    public void MeanResultantLengthIsTheRatioOfBesselFunctions(double kappa)
    {
        (int Dimension, double Error)[] errors =
        [
            .. from dimension in Enumerable.Range(2, 999)
               let above = SpecialFunctions.BesselIScaled(0.5 * dimension, kappa)
               where above > Smallest
               let expected = above / SpecialFunctions.BesselIScaled(0.5 * dimension - 1, kappa)
               select (dimension, Math.Abs(VonMisesFisher.MeanResultantLength(dimension, kappa) / expected - 1)),
        ];
        Assert.That(errors, Has.Length.GreaterThan(100));
        Assert.That(errors.Where(point => !(point.Error <= 1e-10)), Is.Empty);
    }

    // C_d = κ^ν / ((2π)^(ν+1) I_ν(κ)) and the entropy is -log C_d - κ A_d, ν = d/2 - 1.
    [Test]
    public void LogNormalizerAndEntropyAreMadeOfBesselFunctions(
        [Values(2, 3, 10, 64, 128, 129)] int dimension, [Values(0.1, 1.0, 10.0, 100.0, 1000.0)] double kappa)
    {
        double order = 0.5 * dimension - 1;
        double scaled = SpecialFunctions.BesselIScaled(order, kappa), above = SpecialFunctions.BesselIScaled(order + 1, kappa);
        double logNormalizer = order * Math.Log(kappa) - (order + 1) * Math.Log(2 * Math.PI) - Math.Log(scaled) - kappa;
        double entropy = -logNormalizer - kappa * (above / scaled);
        Assert.Multiple(() =>
        {
            Assert.That(VonMisesFisher.LogNormalizer(dimension, kappa), Is.EqualTo(logNormalizer).Within(1e-12 * (1 + kappa + Math.Abs(logNormalizer))));
            Assert.That(VonMisesFisher.Entropy(dimension, kappa), Is.EqualTo(entropy).Within(1e-12 * (1 + kappa + Math.Abs(logNormalizer))));
        });
    }

    // At κ = 1e-6 the distribution is uniform but for κ²/2d: its entropy is the logarithm of the sphere's area, 2 π^(d/2) / Γ(d/2).
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(64)]
    [TestCase(1000)]
    [TestCase(65536)]
    public void EntropyNearUniformIsTheLogarithmOfTheArea(int dimension)
    {
        double area = Math.Log(2) + 0.5 * dimension * Math.Log(Math.PI) - SpecialFunctions.GammaLn(0.5 * dimension);
        Assert.That(VonMisesFisher.Entropy(dimension, 1e-6), Is.EqualTo(area).Within(1e-12 * Math.Max(1, Math.Abs(area))));
    }

    // What the comment in ScaledBessel.cs says of MathNet's function, so that it is found out when it no longer holds.
    [Test]
    public void AtHighOrdersMathNetUnderflowsAndOursDoesNot() => Assert.Multiple(() =>
    {
        Assert.That(SpecialFunctions.BesselI(255, 10), Is.Zero);
        Assert.That(VonMisesFisher.LogBesselI(255, 10), Is.EqualTo(-751.2077957423).Within(1e-9));
        Assert.That(SpecialFunctions.BesselI(0, 1000), Is.EqualTo(double.PositiveInfinity));
        Assert.That(VonMisesFisher.LogBesselI(0, 1000), Is.EqualTo(995.627308889869).Within(1e-9));
    });
}
