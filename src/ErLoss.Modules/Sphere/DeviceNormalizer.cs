using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// log C_d(κ) and its derivative where κ is a tensor whose value the host does not read: a few operations on its device, in float64.
/// </summary>
/// <remarks>
/// <para>
/// 1/C_d(κ) is the integral of exp(κ·μ·z) over the sphere, |S^(d-2)| ∫ e^(κt) (1 − t²)^((d-3)/2) dt over −1 &lt; t &lt; 1. With t = tanh u and
/// n = d − 1 the integrand becomes e^(κ·tanh u)·sech^n u over the whole line. It has one peak, and it is analytic in the strip |Im u| &lt; π/2,
/// so that the trapezoidal rule converges exponentially (Trefethen and Weideman, SIAM Review 56 (2014) 385–458).
/// </para>
/// <para>
/// A_d(κ) = E[t] is computed as (κ/n)·E[1 − t²], which partial integration gives: all terms are positive, and small κ costs no digits.
/// </para>
/// <para>
/// The host's functions in <see cref="VonMisesFisher"/> recur from order to order, which would be hundreds of small kernels on a GPU; here all
/// nodes are one vector. For κ up to 1e6 both agree to 1e-12 of the larger of 1, |log C_d(κ)| and |log C_d(0)|, and A_d(κ) to 1e-12 of itself.
/// </para>
/// </remarks>
internal static class DeviceNormalizer
{
    /// <summary>log C_d(κ) and ∂/∂κ of it, scalars of κ's device in float64.</summary>
    /// <param name="dimension">d, at least 2.</param>
    /// <param name="kappa">κ, a float64 scalar without gradient, not negative; NaN and infinity give NaN.</param>
    /// <param name="normalizer">True constants, or the published code's.</param>
    public static (Tensor Value, Tensor Slope) Evaluate(int dimension, Tensor kappa, Normalizer normalizer)
    {
        (Tensor value, Tensor meanLength) = Integrate(dimension, kappa);
        if (normalizer == Normalizer.Exact)
        {
            return (value, -meanLength);
        }
        // With ν = d/2 − 1, log I_ν(κ) = ν log κ − (ν+1) log 2π − log C, and log(I + 1e-7) = log I + softplus(log 1e-7 − log I); see
        // VonMisesFisher.ReferenceLogNormalizer and its derivative.
        double order = 0.5 * dimension - 1;
        Tensor excess = order * kappa.log() - (order + 1) * Math.Log(2 * Math.PI) - value - VonMisesFisher.LogReferenceFloor;
        Tensor slope = (-excess).sigmoid() * order / kappa - excess.sigmoid() * meanLength;
        Tensor softplus = (-excess).clamp_min(0) + minimum(excess, -excess).exp().log1p();
        return (value - softplus, slope);
    }

    private static (Tensor Value, Tensor MeanLength) Integrate(int dimension, Tensor kappa)
    {
        double n = dimension - 1;
        // The strip allows steps of 0.1, and a peak, which is no narrower than a Gaussian of deviation 1/√(2n), steps of 0.25/√n: with a third
        // of them nothing changes by more than 4e-15. At the distance that the nodes reach, sech^n is below 1e-17 of its peak. They are 839 for
        // d = 2, 83 for d = 128.
        double step = Math.Min(0.1, 0.25 / Math.Sqrt(n)), reach = Math.Acosh(Math.Exp(41 / n)) + 2 * step;
        int half = (int)Math.Ceiling(reach / step);

        // The peak: κ(1 − t²) = n·t.
        Tensor peak = 2 * kappa / (n + (n * n + 4 * kappa.square()).sqrt());
        Tensor nodes = (kappa * peak / n).sqrt().asinh() + step * arange(-half, half + 1, dtype: ScalarType.Float64, device: kappa.device);
        Tensor sinhSquare = nodes.sinh().square();
        // κ·tanh u − κ instead of κ·tanh u: no digits are lost where κ is large.
        Tensor exponents = -2 * kappa / (1 + (2 * nodes).exp()) - n / 2 * sinhSquare.log1p();
        Tensor largest = exponents.amax([0]), terms = (exponents - largest).exp(), sum = terms.sum();
        Tensor meanLength = kappa / n * (terms / (1 + sinhSquare)).sum() / sum;
        return (-kappa - largest - sum.log() - Math.Log(step) - LogArea(dimension - 1), meanLength);
    }

    /// <summary>log |S^(dimension-1)|; the two points of S^0 count as 2.</summary>
    private static double LogArea(int dimension) => dimension == 1 ? Math.Log(2) : -VonMisesFisher.LogNormalizer(dimension, 1e-9);
}
