using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Which exponents a floating-point type can take the exponential of, add up, and still tell small from large.</summary>
internal static class ExponentRange
{
    /// <summary>
    /// The largest exponent that is used as it is, 60 (600 in float64): sums over any batch stay finite. Beyond it an exponent's
    /// rounding error, some |x|·6e-8 in float32, also begins to show in e^x, so exponents whose bound is larger are computed in float64
    /// and shifted before they are rounded.
    /// </summary>
    public static double Largest(ScalarType dtype) => dtype == ScalarType.Float64 ? 600 : 60;

    /// <summary>What no exponent κ·z_i·y_j exceeds; null where rows are of unit norm and the host does not know κ.</summary>
    /// <param name="rows">z, (n, d).</param>
    /// <param name="others">y, (m, d).</param>
    /// <param name="settings">κ, and whether both are of unit norm.</param>
    public static double? Bound(Tensor rows, Tensor others, KernelSettings settings) =>
        settings.UnitRows ? settings.Concentration.Value : settings.Concentration.ScaleConstant(rows.norm(1).max() * others.norm(1).max()).ToDouble();

    /// <summary>
    /// The least sum of n exponentials that is still accurate when all those below the smallest normal number are lost.
    /// </summary>
    public static double LeastSum(ScalarType dtype, long n) => n * (dtype == ScalarType.Float64 ? 2.3e-308 / 1.1e-16 : 1.2e-38 / 6e-8);
}
