namespace ErLoss.Modules.Tests;

public class LogBesselITests
{
    [Test]
    public void ReproducesReferenceValues() => ReferenceValues.AssertReproducedBy(
        VonMisesFisher.LogBesselI, "logBesselI", value => Math.Max(1, Math.Abs(value)));

    // I at d = 128, 256 and 1000 with κ = 10 is where the published code's floor of 1e-7 takes over.
    [TestCase(63, -99.23)]
    [TestCase(127, -286.96)]
    [TestCase(499, -1801.96)]
    public void HasKnownValuesAtTen(double order, double expected) =>
        Assert.That(VonMisesFisher.LogBesselI(order, 10), Is.EqualTo(expected).Within(0.005));

    [Test]
    public void AtOrderOneHalfIsHyperbolicSine([Values(0.01, 0.7, 1.0, 3.0, 20.0, 49.0, 51.0, 300.0)] double x) =>
        Assert.That(
            VonMisesFisher.LogBesselI(0.5, x),
            Is.EqualTo(0.5 * Math.Log(2 / (Math.PI * x)) + x + Math.Log((1 - Math.Exp(-2 * x)) / 2)).Within(1e-13 * (1 + x)));

    [Test]
    public void AtOrderZeroIsPowerSeries([Values(1e-6, 0.1, 1.0, 4.0)] double x)
    {
        double sum = 1;
        double term = 1;
        for (int k = 1; k < 40; k++)
        {
            term *= x * x / (4.0 * k * k);
            sum += term;
        }

        Assert.That(VonMisesFisher.LogBesselI(0, x), Is.EqualTo(Math.Log(sum)).Within(1e-13));
    }

    // DLMF 10.29.1: I_(ν-1) - I_(ν+1) = 2ν/x I_ν.
    [Test]
    public void SatisfiesRecurrence(
        [Values(1.0, 1.25, 7.5, 33.3, 49.5, 50.5, 51.0, 400.0)] double order, [Values(0.01, 1.0, 12.0, 49.9, 50.1, 700.0)] double x)
    {
        double middle = VonMisesFisher.LogBesselI(order, x);
        double below = Math.Exp(VonMisesFisher.LogBesselI(order - 1, x) - middle);
        double above = Math.Exp(VonMisesFisher.LogBesselI(order + 1, x) - middle);
        double tolerance = 1e-14 * (1 + Math.Abs(middle)) * below;
        Assert.That(below - above, Is.EqualTo(2 * order / x).Within(tolerance));
    }

    [Test]
    public void IsContinuousAcrossRegions([Values(0.0, 0.4, 10.0, 31.5, 49.0)] double order)
    {
        double x = Math.Sqrt(2500 - order * order);
        double inside = VonMisesFisher.LogBesselI(order, x * (1 - 1e-15));
        double outside = VonMisesFisher.LogBesselI(order, x * (1 + 1e-15));
        Assert.That(inside, Is.EqualTo(outside).Within(3e-13));
    }

    [Test]
    public void IsNeverNaNBeyondTheGuarantee(
        [Values(0, 1e-300, 0.3, 1e9, 1e100, 1e155, 1e289, 1e300, double.MaxValue)] double order,
        [Values(double.Epsilon, 1e-200, 1.0, 1e9, 1e155, 1e300, double.MaxValue)] double x) =>
        Assert.That(VonMisesFisher.LogBesselI(order, x), Is.Not.NaN.And.LessThanOrEqualTo(x));

    [TestCase(-1e-9)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void RejectsOrder(double order) => Assert.That(
        () => VonMisesFisher.LogBesselI(order, 1),
        Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("order").And.Message.Contains($"is {order};"));

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void RejectsArgument(double x) => Assert.That(
        () => VonMisesFisher.LogBesselI(1, x),
        Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("x").And.Message.Contains($"is {x};"));
}
