using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The kernels of all pairs of different rows by attention: two causal triangles, of the rows before each row and of those after it, so that no row meets itself.
/// </summary>
/// <remarks>
/// With E_ij = exp(κ·z_i·z_j), one pass gives Σ_j v_j·E_ij and Σ_j v_j·E_ij·z_j, and a second one, with log|c_j| in the exponents, Σ_j c_j·E_ij·z_j: attention's own backward pass is not
/// needed. Nothing is read back.
/// </remarks>
internal sealed class AttentionRows
{
    private static readonly Scalar s_one = 1; // kept, as a number's conversion may be freed before native code reads it

    private readonly Tensor _rows;
    private readonly Tensor? _weights;
    private readonly Tensor _root;
    private readonly Attention _attention;
    private Tensor? _logSums;
    private Tensor? _means;

    /// <param name="rows">z, (k, d), without gradient.</param>
    /// <param name="weights">v, (k) in float64; null where each is one.</param>
    /// <param name="settings">κ, whose gradient is not looked at, and the kernels.</param>
    public AttentionRows(Tensor rows, Tensor? weights, KernelSettings settings)
    {
        _rows = rows;
        _weights = weights;
        _root = settings.Concentration.Root(rows.dtype);
        _attention = settings.Attention!;
    }

    /// <summary>For each row log Σ_j v_j·E_ij, (k) in float64; −∞ where there is no other row.</summary>
    public Tensor LogSums()
    {
        if (_rows.shape[0] < 2)
        {
            return full([_rows.shape[0]], double.NegativeInfinity, dtype: ScalarType.Float64, device: _rows.device);
        }
        (_means, Tensor logSums) = _attention.Others(_rows, _root, _weights?.log().to(_rows.dtype), null);
        return _logSums = logSums.to(ScalarType.Float64);
    }

    /// <summary>
    /// κ·Σ_j (c_i·v_j + c_j·v_i)·exp(κ·z_i·z_j)·z_j, (k, d), after <see cref="LogSums"/>, once. The log-sums given may have grown by kernels that are not here; +∞ stands for a row without
    /// gradient.
    /// </summary>
    public Tensor Gradient(Tensor slopes, Tensor logSums)
    {
        if (_means is null)
        {
            return zeros_like(_rows);
        }
        var factors = AttentionFactors.Of(slopes, logSums, _rows.dtype);
        (Tensor means, Tensor sums) = _attention.Others(_rows, _root, factors.Logarithms.to(_rows.dtype), factors.Signs);
        Tensor own = slopes * (_logSums! - logSums).exp(), logOthers = sums.to(ScalarType.Float64);
        // Weights enter as logarithms: for a row of weight zero the sum can be beyond float64, and infinity times zero would be NaN.
        Tensor others = (_weights is null ? logOthers : logOthers + _weights.log()).exp();
        return _means.mul_(Column(own)).addcmul_(means, Column(others), s_one);
    }

    // Means are of √κ·z_j.
    private Tensor Column(Tensor factors) => (_root * factors).to(_rows.dtype).unsqueeze(1);
}
