namespace ErLoss.Modules.Tests;

public class EntropyTests
{
    [Test]
    public void ReproducesReferenceValues() => ReferenceValues.AssertReproducedBy(VonMisesFisher.Entropy, "entropy");

    [TestCase(2, 1.8378770664093454)] // log 2π
    [TestCase(3, 2.5310242469692907)] // log 4π
    [TestCase(4, 2.9826069522587456)] // log 2π²
    [TestCase(1000, -2032.1)]
    public void NearUniformIsLogAreaOfSphere(int dimension, double logArea) => Assert.That(
        VonMisesFisher.Entropy(dimension, 1e-6), Is.EqualTo(logArea).Within(dimension == 1000 ? 0.05 : 1e-12));

    // H_3 = 1 - κ coth κ + log(4π sinh κ / κ) tends to 1 + log(2π/κ).
    [TestCase(1e3)]
    [TestCase(1e6)]
    public void NarrowInThreeDimensionsIsThatOfPlaneNormal(double kappa) => Assert.That(
        VonMisesFisher.Entropy(3, kappa), Is.EqualTo(1 + Math.Log(2 * Math.PI / kappa)).Within(1e-13 * 10));

    [Test]
    public void IsMinusLogNormalizerLessKappaMeanResultantLength(
        [Values(2, 5, 100, 101, 4096)] int dimension, [Values(0.1, 10.0, 49.0, 51.0, 200.0)] double kappa) => Assert.That(
        VonMisesFisher.Entropy(dimension, kappa),
        Is.EqualTo(-VonMisesFisher.LogNormalizer(dimension, kappa) - kappa * VonMisesFisher.MeanResultantLength(dimension, kappa))
            .Within(1e-13 * (100 + 3 * dimension)));

    [Test]
    public void FallsWithKappa([Values(2, 3, 64, 1000, 65536)] int dimension)
    {
        double[] entropies = [.. Enumerable.Range(-4, 11).Select(exponent => VonMisesFisher.Entropy(dimension, Math.Pow(10, exponent)))];
        Assert.That(entropies, Is.Ordered.Descending);
    }

    [TestCase(1)]
    public void RejectsDimension(int dimension) => Assert.That(
        () => VonMisesFisher.Entropy(dimension, 1),
        Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("dimension"));

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void RejectsKappa(double kappa) => Assert.That(
        () => VonMisesFisher.Entropy(2, kappa),
        Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("kappa"));
}
