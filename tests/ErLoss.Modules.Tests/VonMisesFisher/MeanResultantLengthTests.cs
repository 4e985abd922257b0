namespace ErLoss.Modules.Tests;

public class MeanResultantLengthTests
{
    [Test]
    public void ReproducesReferenceValuesRelatively() => ReferenceValues.AssertReproducedBy(
        (order, x) => VonMisesFisher.MeanResultantLength((int)(2 * order + 2), x), "meanResultantLength", value => value);

    // A_3 = coth κ - 1/κ.
    [Test]
    public void InThreeDimensionsIsLangevinFunction([Values(0.5, 1.0, 10.0, 49.0, 51.0, 1000.0)] double kappa) => Assert.That(
        VonMisesFisher.MeanResultantLength(3, kappa), Is.EqualTo(1 / Math.Tanh(kappa) - 1 / kappa).Within(1e-14));

    [Test]
    public void IsKappaOverDimensionNearUniform([Values(2, 3, 64, 65536)] int dimension) => Assert.That(
        VonMisesFisher.MeanResultantLength(dimension, 1e-8), Is.EqualTo(1e-8 / dimension).Within(1e-13).Percent);

    // Amos 1974: κ / (ν + ½ + √((ν+3/2)² + κ²)) ≤ A ≤ κ / (ν + ½ + √((ν+½)² + κ²)), order ν = d/2 - 1.
    [Test]
    public void LiesWithinAmosBounds(
        [Values(2, 3, 51, 100, 1000, 65536)] int dimension, [Values(1e-3, 1.0, 30.0, 50.0, 1e4, 1e6)] double kappa)
    {
        double raised = 0.5 * dimension - 0.5;
        double length = VonMisesFisher.MeanResultantLength(dimension, kappa);
        Assert.That(length, Is.GreaterThanOrEqualTo(kappa / (raised + double.Hypot(raised + 1, kappa)) * (1 - 1e-14)));
        Assert.That(length, Is.Not.NaN.And.LessThanOrEqualTo(kappa / (raised + double.Hypot(raised, kappa)) * (1 + 1e-14)).And.LessThan(1));
    }

    [Test]
    public void StaysWithinOneBeyondTheGuarantee(
        [Values(2, 101, 1000000, int.MaxValue)] int dimension,
        [Values(double.Epsilon, 1e-200, 1e9, 1e200, double.MaxValue)] double kappa) =>
        Assert.That(VonMisesFisher.MeanResultantLength(dimension, kappa), Is.InRange(0, 1));

    [TestCase(1)]
    [TestCase(int.MinValue)]
    public void RejectsDimension(int dimension) => Assert.That(
        () => VonMisesFisher.MeanResultantLength(dimension, 1),
        Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("dimension"));

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void RejectsKappa(double kappa) => Assert.That(
        () => VonMisesFisher.MeanResultantLength(2, kappa),
        Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("kappa"));
}
