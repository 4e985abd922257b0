using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The kernels E_ij = v_j·exp(κ·z_i·y_j − shift_i) of n rows against m centres of weights v (a queue of past projections, given negatives), band by band of rows: their
/// row sums, and the gradient of any function of these, without an n×m matrix.
/// </summary>
/// <remarks>
/// <para>
/// Where κ·‖z_i‖·‖y_j‖ is within <see cref="ExponentRange"/> there is no shift. Elsewhere each row is shifted by its largest exponent, so that no sum can underflow or
/// overflow.
/// </para>
/// <para>
/// The gradient of a row is a multiple of Σ_j E_ij·y_j, whatever function it is of. That is added up together with the sums, so that the gradient in the rows takes two
/// matrix products in all and keeps nothing. The gradient in the centres needs the function's derivatives first: one product more, over kernels that were kept if there is
/// room for them, else evaluated again.
/// </para>
/// </remarks>
internal sealed class RectangularKernels
{
    private const long KeptBudget = 160L << 20;

    // Kept, as a number's conversion may be freed before native code reads it.
    private static readonly Scalar s_none = double.NegativeInfinity;

    private readonly Tensor _rows;
    private readonly Tensor _centers;
    private readonly Tensor _scaledRows;
    private readonly Tensor _centersTransposed;
    private readonly KernelCenters _how;
    private readonly Concentration _concentration;
    private readonly Tensor? _logWeights;
    private readonly Tensor? _weights;
    private readonly bool _isShifted;
    private readonly bool _areKept;
    private readonly int _count;
    private readonly int _height;
    private readonly Tensor _kernels;
    private readonly Tensor? _products;
    private readonly Tensor _shifts;

    /// <param name="rows">z, (n, d), without gradient.</param>
    /// <param name="centers">y, (m, d), m ≥ 1, without gradient.</param>
    /// <param name="how">What the centres weigh, and for which rows they are none.</param>
    /// <param name="settings">κ, whose gradient is not looked at, and whether rows and centres are of unit norm.</param>
    /// <param name="forRows">Whether the gradient in the rows will be asked for.</param>
    /// <param name="forCenters">Whether the gradient in the centres will be asked for.</param>
    public RectangularKernels(Tensor rows, Tensor centers, KernelCenters how, KernelSettings settings, bool forRows, bool forCenters)
    {
        _rows = rows;
        _centers = centers;
        _how = how;
        _concentration = settings.Concentration;
        _count = (int)rows.shape[0];
        double? bound = settings.UnitRows
            ? _concentration.Value
            : _concentration.ScaleConstant(rows.norm(1).max() * centers.norm(1).max()).ToDouble();
        // As in the symmetric form, a κ that the host does not know does not bring about float64. It may be large all the same.
        _isShifted = !(bound <= ExponentRange.Largest(rows.dtype));
        ScalarType dtype = bound > ExponentRange.Largest(rows.dtype) ? ScalarType.Float64 : rows.dtype;
        _scaledRows = _concentration.ScaleConstant(rows.to(dtype));
        _centersTransposed = centers.to(dtype).t();
        _logWeights = _isShifted ? how.Weights?.log().to(dtype) : null;
        _weights = _isShifted ? null : how.Weights?.to(rows.dtype);
        (int height, int width) = PairTile.Shape(rows);
        long all = _count * centers.shape[0];
        _areKept = forCenters && dtype == rows.dtype && all * rows.element_size() <= (settings.Budget ?? KeptBudget);
        _height = _areKept ? _count : (int)Math.Clamp(height * width / centers.shape[0], 1, _count);
        _kernels = empty(_height, centers.shape[0], dtype: dtype, device: rows.device);
        _products = forRows ? empty_like(rows) : null;
        _shifts = zeros_like(_scaledRows[.., ..1]);
    }

    /// <summary>For each row log Σ_j v_j·exp(κ·z_i·y_j) in float64, (n); −∞ where there is no centre.</summary>
    public Tensor LogSums()
    {
        Tensor sums = zeros_like(_rows[.., ..1]);
        Tensor? weighted = _products is null ? null : _weights is null ? _centers : _centers * _weights.unsqueeze(1);
        foreach ((int top, int bottom) in Bands())
        {
            using var scope = NewDisposeScope();
            Tensor exponents = Exponents(top, bottom);
            if (_isShifted)
            {
                _shifts[top..bottom].copy_(exponents.amax([1], keepdim: true).clamp_min(finfo(exponents.dtype).min));
            }
            Tensor kernels = Exponentiate(exponents, top, bottom);
            sums[top..bottom].copy_(_weights is null ? kernels.sum(1, keepdim: true) : kernels.mm(_weights.unsqueeze(1)));
            _products?[top..bottom].addmm_(kernels, weighted!, beta: 0);
        }
        return (_shifts.to(ScalarType.Float64) + sums.to(ScalarType.Float64).log()).squeeze(1);
    }

    /// <summary>
    /// With c_i = a_i/Σ_j E_ij, κ·Σ_j c_i·E_ij·y_j in the rows, (n, d): the gradient of a function whose derivative in row i's log-sum is a_i, (n). The log-sums may have grown by
    /// kernels that are not here; +∞ stands for a row without gradient.
    /// </summary>
    public Tensor RowGradient(Tensor slopes, Tensor logSums) => _products! * Factors(slopes, logSums);

    /// <summary>The same in the centres, κ·Σ_i c_i·E_ij·z_i, (m, d).</summary>
    public Tensor CenterGradient(Tensor slopes, Tensor logSums)
    {
        Tensor gradient = zeros_like(_centers), scaledRows = _rows * Factors(slopes, logSums);
        foreach ((int top, int bottom) in Bands())
        {
            using var scope = NewDisposeScope();
            Tensor kernels = _areKept ? _kernels : Exponentiate(Exponents(top, bottom), top, bottom);
            gradient.addmm_(kernels.t(), scaledRows[top..bottom]);
        }
        return _weights is null ? gradient : gradient.mul_(_weights.unsqueeze(1));
    }

    /// <summary>κ·a_i·exp(shift_i − L_i), (n, 1).</summary>
    private Tensor Factors(Tensor slopes, Tensor logSums) =>
        _concentration.ScaleConstant(slopes.unsqueeze(1) * (_shifts - logSums.unsqueeze(1)).exp()).to(_rows.dtype);

    private IEnumerable<(int Top, int Bottom)> Bands()
    {
        for (int top = 0; top < _count; top += _height)
        {
            yield return (top, Math.Min(top + _height, _count));
        }
    }

    private Tensor Exponents(int top, int bottom)
    {
        Tensor exponents = _kernels[..(bottom - top)].addmm_(_scaledRows[top..bottom], _centersTransposed, beta: 0);
        if (_logWeights is not null)
        {
            exponents.add_(_logWeights);
        }
        if (_how.RowIds is not null && _how.Ids is not null)
        {
            exponents.masked_fill_(_how.RowIds[top..bottom].unsqueeze(1).eq(_how.Ids), s_none);
        }
        if (_how.AreRows)
        {
            exponents[.., top..bottom].diagonal().fill_(s_none);
        }
        return exponents;
    }

    /// <summary>The kernels of a band, in its place if they have its type.</summary>
    private Tensor Exponentiate(Tensor exponents, int top, int bottom) =>
        (_isShifted ? exponents.sub_(_shifts[top..bottom]).to(_rows.dtype) : exponents).exp_();
}
