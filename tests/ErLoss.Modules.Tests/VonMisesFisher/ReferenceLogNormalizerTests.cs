namespace ErLoss.Modules.Tests;

public class ReferenceLogNormalizerTests
{
    [Test]
    public void ReproducesReferenceValues() =>
        ReferenceValues.AssertReproducedBy(VonMisesFisher.ReferenceLogNormalizer, "referenceLogNormalizer");

    [Test]
    public void DerivativeReproducesReferenceValues() =>
        ReferenceValues.AssertReproducedBy(VonMisesFisher.ReferenceLogNormalizerDerivative, "referenceDerivative");

    // log(I + 1e-7) = -16.12 whatever I is: all that depends on the Bessel function is lost.
    [TestCase(128)]
    [TestCase(256)]
    [TestCase(1000)]
    public void IsFloorWhereBesselFunctionIsSmall(int dimension)
    {
        double order = dimension / 2.0 - 1;
        double floored = order * Math.Log(10) - (order + 1) * Math.Log(2 * Math.PI) - VonMisesFisher.ReferenceLogNormalizer(dimension, 10);
        Assert.That(floored, Is.EqualTo(-16.118).Within(0.001));
        Assert.That(VonMisesFisher.ReferenceLogNormalizerDerivative(dimension, 10), Is.EqualTo(order / 10).Within(1e-12).Percent);
    }

    [Test]
    public void IsExactWhereBesselFunctionIsLarge([Values(2, 128, 65536)] int dimension)
    {
        Assert.That(VonMisesFisher.ReferenceLogNormalizer(dimension, 1e6), Is.EqualTo(VonMisesFisher.LogNormalizer(dimension, 1e6)));
        Assert.That(
            VonMisesFisher.ReferenceLogNormalizerDerivative(dimension, 1e6),
            Is.EqualTo(-VonMisesFisher.MeanResultantLength(dimension, 1e6)));
    }

    [Test]
    public void RejectsArguments()
    {
        Assert.That(() => VonMisesFisher.ReferenceLogNormalizer(1, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => VonMisesFisher.ReferenceLogNormalizer(2, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => VonMisesFisher.ReferenceLogNormalizerDerivative(1, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => VonMisesFisher.ReferenceLogNormalizerDerivative(2, double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
