namespace ErLoss.Modules;

public static partial class VonMisesFisher
{
    /// <summary>The differential entropy of the von Mises-Fisher distribution on S^(d-1), in nats.</summary>
    /// <remarks>
    /// -log C_d(κ) - κ A_d(κ), the mean of minus the log-density; it falls from the log-area of the sphere at κ = 0. For
    /// d = 2 … 65,536 and κ in 1e-6 … 1e6 the error is below 1e-12, relative where the absolute entropy is at least 1 and
    /// absolute elsewhere; beyond, the result is sensible without that guarantee.
    /// </remarks>
    /// <param name="dimension">d, the dimension of the space the sphere S^(d-1) lies in, at least 2.</param>
    /// <param name="kappa">κ, the concentration, positive and finite.</param>
    /// <returns>The entropy, negative for a narrow distribution.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="dimension"/> is below 2, or <paramref name="kappa"/> is not positive and finite.
    /// </exception>
    public static double Entropy(int dimension, double kappa)
    {
        double order = RequireOrder(dimension, kappa);
        if (double.Hypot(order, kappa) < DebyeMinimum)
        {
            return -LogNormalizer(dimension, kappa) - kappa * MeanResultantLength(dimension, kappa);
        }

        // With κ A = w - ν - κ²/(2w²) + κ² T/(w² S) the w of log g_ν, up to 1e6, cancels by algebra; 1 - A is never formed.
        DoubleDouble w = DoubleDouble.Hypot(order, kappa);
        (double sum, double slope) = DebyeSums(order, w.High);
        double square = kappa / w.High * (kappa / w.High);
        double small = Math.Log(sum) - LogRootTwoPi(w.High) + square * (0.5 - slope / sum);
        return (double)((order + 1) * DoubleDouble.LogTwoPi + order * (1 - DoubleDouble.Log(w + order)) + small);
    }
}
