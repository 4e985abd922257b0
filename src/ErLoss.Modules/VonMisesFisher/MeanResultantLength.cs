namespace ErLoss.Modules;

public static partial class VonMisesFisher
{
    /// <summary>A_d(κ), the length of the mean of the von Mises-Fisher distribution, between 0 (uniform) and 1 (a point).</summary>
    /// <remarks>
    /// A_d(κ) = I_(d/2)(κ) / I_(d/2-1)(κ) (Banerjee et al. 2005, §2). For d = 2 … 65,536 and κ in 1e-6 … 1e6 the relative error
    /// is below 1e-12, also where A_d(κ) ≈ κ/d is small; beyond, the result is sensible without that guarantee.
    /// </remarks>
    /// <param name="dimension">d, the dimension of the space the sphere S^(d-1) lies in, at least 2.</param>
    /// <param name="kappa">κ, the concentration, positive and finite.</param>
    /// <returns>A_d(κ), without unit.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="dimension"/> is below 2, or <paramref name="kappa"/> is not positive and finite.
    /// </exception>
    public static double MeanResultantLength(int dimension, double kappa) =>
        kappa * ScaledBesselRatio(RequireOrder(dimension, kappa), kappa);
}
