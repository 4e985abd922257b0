using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The kernels of rows against further centres by attention; see <see cref="AttentionRows"/>.</summary>
internal sealed class AttentionCenters : ICenterKernels
{
    private readonly Tensor _rows;
    private readonly Tensor _centers;
    private readonly Tensor? _weights;
    private readonly Concentration _concentration;
    private readonly Tensor _kappa;
    private readonly Attention _attention;
    private Tensor? _logSums;
    private Tensor? _means;

    /// <param name="rows">z, (n, d), without gradient.</param>
    /// <param name="centers">y, (m, d), m ≥ 1, without gradient.</param>
    /// <param name="weights">v, (m) in float64; null where each is one.</param>
    /// <param name="concentration">κ, whose gradient is not looked at.</param>
    /// <param name="attention">The kernels.</param>
    public AttentionCenters(Tensor rows, Tensor centers, Tensor? weights, Concentration concentration, Attention attention)
    {
        _rows = rows;
        _centers = centers;
        _weights = weights;
        _concentration = concentration;
        _kappa = concentration.Constant(rows.dtype);
        _attention = attention;
    }

    /// <inheritdoc/>
    public Tensor LogSums()
    {
        (_means, Tensor logSums) = _attention.Centers(_rows, _centers, _kappa, _weights?.log().to(_rows.dtype), null);
        return _logSums = logSums.to(ScalarType.Float64);
    }

    /// <inheritdoc/>
    public Tensor RowGradient(Tensor slopes, Tensor logSums) => _means! * Column(slopes * (_logSums! - logSums).exp());

    /// <inheritdoc/>
    public Tensor CenterGradient(Tensor slopes, Tensor logSums)
    {
        var factors = AttentionFactors.Of(slopes, logSums, _rows.dtype);
        (Tensor means, Tensor sums) = _attention.Centers(_centers, _rows, _kappa, factors.Logarithms.to(_rows.dtype), factors.Signs);
        Tensor logWeights = sums.to(ScalarType.Float64);
        // As logarithms, because infinity times a weight of zero would be NaN.
        return means * Column((_weights is null ? logWeights : logWeights + _weights.log()).exp());
    }

    private Tensor Column(Tensor factors) => _concentration.ScaleConstant(factors).to(_rows.dtype).unsqueeze(1);
}
