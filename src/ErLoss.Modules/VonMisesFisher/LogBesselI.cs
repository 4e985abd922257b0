namespace ErLoss.Modules;

/// <summary>
/// The von Mises-Fisher distribution on the unit sphere S^(d-1) in d dimensions, density C_d(κ) exp(κ μᵀx): its normaliser, mean
/// resultant length and entropy, logarithms in nats, without overflow (Banerjee et al., "Clustering on the unit hypersphere using
/// von Mises-Fisher distributions", JMLR 6 (2005) 1345-1382, §2; Mardia and Jupp, Directional Statistics, 2000, §9.3.2).
/// </summary>
/// <remarks>
/// These are functions of numbers, and are named as those of <see cref="Math"/> are. Functions of tensors, in <see cref="EntropyReconstruction"/>, are named as
/// TorchSharp's are.
/// </remarks>
public static partial class VonMisesFisher
{
    /// <summary>log I_ν(x), the logarithm of the modified Bessel function of the first kind, in nats.</summary>
    /// <remarks>
    /// Debye's uniform expansion (DLMF 10.41.3), reached from small order and argument by recurrence (DLMF 10.29.1). For orders
    /// 0 … 32,768 and x in 1e-6 … 1e6 the error is below 1e-12, relative where |log I| ≥ 1 and absolute elsewhere; beyond, the
    /// result is sensible without that guarantee.
    /// </remarks>
    /// <param name="order">ν, any finite real number from 0 up.</param>
    /// <param name="x">The argument, positive and finite.</param>
    /// <returns>log I_ν(x).</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="order"/> is negative or not finite, or <paramref name="x"/> is not positive and finite.
    /// </exception>
    public static double LogBesselI(double order, double x)
    {
        if (!(order >= 0 && double.IsFinite(order)))
        {
            throw new ArgumentOutOfRangeException(nameof(order), $"The order is {order}; it must be finite and not negative.");
        }

        RequirePositive(x, nameof(x));
        const double HugeOrder = 1e290;
        if (order < HugeOrder)
        {
            return (double)LogBesselIPrecise(order, x);
        }

        // Double-double may overflow here. w - ν log((ν+w)/x) is all that counts, and is homogeneous in (ν, x): taken at a quarter
        // of both, no term overflows before the result does.
        (order, x) = (order / 4, x / 4);
        double w = double.Hypot(order, x);
        return 4 * (w - order * (Math.Log(order + w) - Math.Log(x)));
    }

    private static DoubleDouble LogBesselIPrecise(double order, double x) =>
        order * DoubleDouble.Log(x) + LogScaledBesselI(order, x);
}
