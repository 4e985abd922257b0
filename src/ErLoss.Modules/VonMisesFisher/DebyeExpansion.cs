namespace ErLoss.Modules;

public static partial class VonMisesFisher
{
    // The uniform expansion of Debye and Olver, DLMF 10.41.3 with 10.41.7-10.41.9, written in w = √(ν² + x²) and p = ν/w:
    //
    //     I_ν(x) ~ e^(w - ν arsinh(ν/x)) / √(2πw) · S,    S = Σ U_k(p) / ν^k = Σ w^-k q_k(p²),    U_k(p) = p^k q_k(p²).
    //
    // In powers of 1/w nothing is singular at ν = 0, where it is Hankel's expansion (DLMF 10.40.1); at x = 0 it is Stirling's.
    // So the one expansion serves every order ν ≥ 0 and argument x where w is large. The k-th term is
    // of the size (k-1)! / (2π (2w)^k), 2w the least distance between saddle values of the integral for I_ν: at w = 50 the
    // twelfth, the first left out, is below 2e-17 for every p.
    private const int DebyeTerms = 11;
    private const double DebyeMinimum = 50;

    // DebyeCoefficients[k - 1][j] multiplies p^(k+2j) in U_k, j = 0 … k, for all 0 ≤ p ≤ 1.
    internal static readonly double[][] DebyeCoefficients = CreateDebyeCoefficients();

    // U_(k+1) = p²(1 - p²)/2 · U_k' + 1/8 ∫_0^p (1 - 5t²) U_k(t) dt, U_0 = 1: DLMF 10.41.9. The coefficients of U_k alternate
    // in sign, so both contributions to each have one sign and nothing cancels.
    private static double[][] CreateDebyeCoefficients()
    {
        var rows = new double[DebyeTerms][];
        double[] row = [1];
        for (int k = 0; k < DebyeTerms; k++)
        {
            var next = new double[k + 2];
            for (int j = 0; j <= k; j++)
            {
                double power = k + 2 * j;
                next[j] += row[j] * (power / 2 + 1 / (8 * (power + 1)));
                next[j + 1] -= row[j] * (power / 2 + 5 / (8 * (power + 3)));
            }

            rows[k] = row = next;
        }

        return rows;
    }

    // S and the slope T = w²/x · ∂S/∂x = -Σ w^-k Σ_j (k + 2j) q_kj p^(2j), at w ≥ DebyeMinimum.
    private static (double Sum, double Slope) DebyeSums(double order, double w)
    {
        double square = order / w * (order / w);
        double scale = 1;
        double sum = 1;
        double slope = 0;
        for (int k = 1; k <= DebyeTerms; k++)
        {
            double[] row = DebyeCoefficients[k - 1];
            double value = 0;
            double weighted = 0;
            for (int j = k; j >= 0; j--)
            {
                value = Math.FusedMultiplyAdd(value, square, row[j]);
                weighted = Math.FusedMultiplyAdd(weighted, square, (k + 2 * j) * row[j]);
            }

            scale /= w;
            sum += scale * value;
            slope -= scale * weighted;
        }

        return (sum, slope);
    }
}
