namespace ErLoss.Modules.Tests;

public class LogNormalizerTests
{
    [Test]
    public void ReproducesReferenceValues() => ReferenceValues.AssertReproducedBy(VonMisesFisher.LogNormalizer, "logNormalizer");

    // C_3 = κ / (4π sinh κ).
    [Test]
    public void InThreeDimensionsIsClosed([Values(0.01, 1.0, 10.0, 60.0, 500.0)] double kappa) => Assert.That(
        VonMisesFisher.LogNormalizer(3, kappa),
        Is.EqualTo(Math.Log(kappa / (2 * Math.PI)) - kappa - Math.Log(1 - Math.Exp(-2 * kappa))).Within(1e-13 * (1 + kappa)));

    [Test]
    public void HasMinusMeanResultantLengthAsSlope(
        [Values(2, 3, 10, 101, 102, 1000, 65536)] int dimension, [Values(0.5, 7.0, 49.0, 52.0, 900.0, 40000.0)] double kappa)
    {
        double step = 1e-3 * kappa;
        double above = VonMisesFisher.LogNormalizer(dimension, kappa + step);
        double below = VonMisesFisher.LogNormalizer(dimension, kappa - step);
        double length = VonMisesFisher.MeanResultantLength(dimension, kappa);
        // Truncation, step²/6 of a third derivative of the order of A/κ² at most, and the rounding of both values.
        double tolerance = 1e-6 * length + 1e-15 * (1 + Math.Abs(above)) / step;
        Assert.That((above - below) / (2 * step), Is.EqualTo(-length).Within(tolerance));
    }

    [TestCase(1)]
    [TestCase(0)]
    [TestCase(-3)]
    public void RejectsDimension(int dimension) => Assert.That(
        () => VonMisesFisher.LogNormalizer(dimension, 1),
        Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("dimension")
            .And.Message.Contains($"is {dimension};"));

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void RejectsKappa(double kappa) => Assert.That(
        () => VonMisesFisher.LogNormalizer(3, kappa),
        Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("kappa").And.Message.Contains($"is {kappa};"));
}
