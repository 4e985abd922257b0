using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>The normaliser as a device computes it against the host's functions.</summary>
public class DeviceNormalizerTests : TensorTests
{
    private static readonly int[] Dimensions = [2, 3, 4, 5, 8, 16, 33, 64, 101, 128, 512, 1000, 4096, 65_536];
    private static readonly double[] Kappas = [1e-6, 1e-3, 0.1, 0.5, 1, 3, 10, 31, 100, 316, 1e3, 1e4, 1e5, 1e6];

    [Test]
    public void IsTheHosts([ValueSource(nameof(Dimensions))] int dimension, [Values] Normalizer normalizer)
    {
        double uniform = Math.Abs(VonMisesFisher.LogNormalizer(dimension, 1e-9));
        foreach (double kappa in Kappas)
        {
            (Tensor value, Tensor slope) = DeviceNormalizer.Evaluate(dimension, tensor(kappa, ScalarType.Float64), normalizer);
            (double expected, double expectedSlope) = normalizer == Normalizer.Exact
                ? (VonMisesFisher.LogNormalizer(dimension, kappa), -VonMisesFisher.MeanResultantLength(dimension, kappa))
                : (VonMisesFisher.ReferenceLogNormalizer(dimension, kappa), VonMisesFisher.ReferenceLogNormalizerDerivative(dimension, kappa));
            Assert.That(double.IsFinite(expected) && double.IsFinite(expectedSlope) && expectedSlope != 0);
            double scale = Math.Max(Math.Max(1, uniform), Math.Abs(expected));
            Assert.That(value.ToDouble(), Is.EqualTo(expected).Within(1e-12 * scale), $"log C at κ = {kappa}");
            // The reference's derivative is a difference of two terms, whose sigmoids take over the exponent's error.
            double slopeScale = normalizer == Normalizer.Exact ? Math.Abs(expectedSlope) : scale * Math.Max(1, dimension / kappa);
            Assert.That(slope.ToDouble(), Is.EqualTo(expectedSlope).Within(1e-12 * slopeScale), $"slope at κ = {kappa}");
        }
    }

    [Test]
    public void ReadsNothing([Values] Normalizer normalizer)
    {
        (Tensor value, Tensor slope) = DeviceNormalizer.Evaluate(128, empty([], dtype: ScalarType.Float64, device: new Device("meta")), normalizer);
        Assert.That((value.dim(), slope.dim()), Is.EqualTo((0, 0)));
        Assert.That((value.dtype, slope.device_type), Is.EqualTo((ScalarType.Float64, DeviceType.META)));
    }

    [Test]
    public void OutOfItsRangeIsNotANumber([Values(double.NaN, double.PositiveInfinity)] double kappa)
    {
        (Tensor value, Tensor slope) = DeviceNormalizer.Evaluate(16, tensor(kappa, ScalarType.Float64), Normalizer.Exact);
        Assert.That((value.ToDouble(), slope.ToDouble()), Is.EqualTo((double.NaN, double.NaN)));
    }
}
