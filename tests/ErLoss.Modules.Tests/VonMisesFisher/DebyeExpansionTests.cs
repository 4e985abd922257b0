namespace ErLoss.Modules.Tests;

public class DebyeExpansionTests
{
    // U_1, U_2 and U_3 as printed in DLMF 10.41.10: coefficients of p^k, p^(k+2), …, and their common denominator.
    [TestCase(1, 24, new double[] { 3, -5 })]
    [TestCase(2, 1152, new double[] { 81, -462, 385 })]
    [TestCase(3, 414720, new double[] { 30375, -369603, 765765, -425425 })]
    public void CoefficientsAreThosePrinted(int k, double denominator, double[] numerators) => Assert.That(
        VonMisesFisher.DebyeCoefficients[k - 1],
        Is.EqualTo(numerators.Select(numerator => numerator / denominator)).Within(1e-13).Percent);

    // At p = 0 they are those of Hankel's expansion of I_0, DLMF 10.40.1 and 10.17.1: ∏ (2i-1)² / (k! 8^k).
    [Test]
    public void LowestCoefficientsAreHankels()
    {
        double expected = 1;
        for (int k = 1; k <= VonMisesFisher.DebyeCoefficients.Length; k++)
        {
            expected *= (2 * k - 1) * (2 * k - 1) / (8.0 * k);
            Assert.That(VonMisesFisher.DebyeCoefficients[k - 1][0], Is.EqualTo(expected).Within(1e-12).Percent);
        }
    }
}
