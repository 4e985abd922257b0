namespace ErLoss.Modules;

public static partial class VonMisesFisher
{
    /// <summary>log C_d(κ), the logarithm of the normalising constant of the von Mises-Fisher density, in nats.</summary>
    /// <remarks>
    /// log C_d(κ) = (d/2 - 1) log κ - (d/2) log 2π - log I_(d/2-1)(κ) (Banerjee et al. 2005, §2); its derivative with respect to
    /// κ is -A_d(κ), see <see cref="MeanResultantLength"/>. For d = 2 … 65,536 and κ in 1e-6 … 1e6 the error is below 1e-12,
    /// relative where |log C| ≥ 1 and absolute elsewhere; beyond, the result is sensible without that guarantee.
    /// </remarks>
    /// <param name="dimension">d, the dimension of the space the sphere S^(d-1) lies in, at least 2.</param>
    /// <param name="kappa">κ, the concentration, positive and finite.</param>
    /// <returns>log C_d(κ).</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="dimension"/> is below 2, or <paramref name="kappa"/> is not positive and finite.
    /// </exception>
    public static double LogNormalizer(int dimension, double kappa)
    {
        double order = RequireOrder(dimension, kappa);
        return (double)-((order + 1) * DoubleDouble.LogTwoPi + LogScaledBesselI(order, kappa));
    }
}
