namespace ErLoss.Modules.Tests;

public class DoubleDoubleTests
{
    [Test]
    public void SumKeepsWhatDoubleLoses() => Assert.That((double)((DoubleDouble)1e20 + 1 - 1e20), Is.EqualTo(1));

    [Test]
    public void ProductAndQuotientAreInverse([Values(3.0, 0.1, 1e-9)] double value)
    {
        DoubleDouble difference = (DoubleDouble)1 / value * value - 1;
        Assert.That((double)difference, Is.Zero.Within(1e-31));
    }

    [TestCase(1, 1)]
    [TestCase(0.3, 1e-6)]
    [TestCase(32767, 1e6)]
    public void HypotSquaredIsSumOfSquares(double a, double b)
    {
        DoubleDouble root = DoubleDouble.Hypot(a, b);
        DoubleDouble square = (DoubleDouble)a * a + (DoubleDouble)b * b;
        Assert.That((double)(root * root - square) / square.High, Is.Zero.Within(1e-30));
    }

    [Test]
    public void HypotDoesNotOverflow() => Assert.That(DoubleDouble.Hypot(3e300, 4e300).High, Is.EqualTo(5e300).Within(1e-14).Percent);

    // log 10 and 2π as two doubles.
    [Test]
    public void LogHasTwiceThePrecision()
    {
        DoubleDouble logTen = new(2.302585092994046, -2.1707562233822494e-16);
        Assert.That((double)(DoubleDouble.Log(10) - logTen), Is.Zero.Within(1e-26));
        Assert.That((double)(DoubleDouble.Log(2) - DoubleDouble.LogTwo), Is.Zero.Within(1e-26));
        DoubleDouble twoPi = new(6.283185307179586, 2.4492935982947064e-16);
        Assert.That((double)(DoubleDouble.Log(twoPi) - DoubleDouble.LogTwoPi), Is.Zero.Within(1e-26));
    }

    [Test]
    public void LogOfProductIsSumOfLogs([Values(1e-6, 0.7, 1.5, 123456.789)] double a, [Values(1e-3, 1.41, 1e6)] double b)
    {
        DoubleDouble difference = DoubleDouble.Log((DoubleDouble)a * b) - DoubleDouble.Log(a) - DoubleDouble.Log(b);
        Assert.That((double)difference, Is.Zero.Within(1e-25));
    }
}
