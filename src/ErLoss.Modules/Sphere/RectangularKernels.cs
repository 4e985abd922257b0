using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The kernels E_ij = exp(κ·z_i·y_j − largest_i) of n rows against m columns (a queue of past projections, columns of other processes),
/// band by band of rows: their row sums, and the gradient of any function of these, without an n×m matrix.
/// </summary>
/// <remarks>
/// Each row is shifted by its largest exponent, so that no sum can underflow or overflow; the price is the symmetry. One matrix product
/// for the sums; for the gradient the same again, one for the rows and, where it is wanted, one for the columns. Nothing is kept.
/// </remarks>
internal sealed class RectangularKernels
{
    private readonly Tensor _rows;
    private readonly Tensor _columns;
    private readonly Tensor _scaledRows;
    private readonly Tensor _columnsTransposed;
    private readonly Concentration _concentration;
    private readonly int? _own;
    private readonly int _count;
    private readonly Tensor _band;

    /// <param name="rows">z, (n, d), without gradient.</param>
    /// <param name="columns">y, (m, d), without gradient.</param>
    /// <param name="concentration">κ; its gradient is not looked at.</param>
    /// <param name="own">Where row 0 stands among the columns (row i at own + i), if it does: E_i,own+i counts as zero.</param>
    /// <param name="unitRows">Whether rows and columns are known to be of unit norm: then no norm is read back from a GPU.</param>
    public RectangularKernels(Tensor rows, Tensor columns, Concentration concentration, int? own, bool unitRows)
    {
        _rows = rows;
        _columns = columns;
        _concentration = concentration;
        _own = own;
        _count = (int)rows.shape[0];
        double? bound = unitRows
            ? concentration.Value
            : concentration.ScaleConstant(rows.norm(1).max() * columns.norm(1).max()).ToDouble();
        // As in the symmetric form, a κ that the host does not know does not bring about float64.
        ScalarType dtype = bound > ExponentRange.Largest(rows.dtype) ? ScalarType.Float64 : rows.dtype;
        _scaledRows = concentration.ScaleConstant(rows.to(dtype));
        _columnsTransposed = columns.to(dtype).t();
        (int height, int width) = PairTile.Shape(rows);
        _band = empty(Math.Clamp(height * width / columns.shape[0], 1, _count), columns.shape[0], dtype: dtype, device: rows.device);
    }

    /// <summary>
    /// Each row's largest exponent, (n, 1), and log Σ_j exp(κ·z_i·y_j) in float64, (n), but for the own places; −∞ where there is no other.
    /// </summary>
    public void Sum(out Tensor largest, out Tensor logSums)
    {
        largest = zeros_like(_scaledRows[.., ..1]);
        Tensor sums = zeros_like(_rows[.., ..1]);
        foreach ((int top, int bottom) in Bands())
        {
            using var scope = NewDisposeScope();
            Tensor exponents = Exponents(top, bottom);
            largest[top..bottom].copy_(exponents.amax([1], keepdim: true).clamp_min(finfo(exponents.dtype).min));
            sums[top..bottom].copy_(exponents.sub_(largest[top..bottom]).to(_rows.dtype).exp_().sum(1, keepdim: true));
        }
        logSums = (largest.to(ScalarType.Float64) + sums.to(ScalarType.Float64).log()).squeeze(1);
    }

    /// <summary>
    /// With c_i = a_i/Σ_j E_ij, κ Σ_j c_i·E_ij·y_j in the rows, (n, d), and, where it is wanted, κ Σ_i c_i·E_ij·z_i in the columns, (m, d): the
    /// gradient of a function whose derivative in row i's log-sum is a_i, (n), but for the own places' share. The log-sums may have grown by
    /// kernels that are not here.
    /// </summary>
    public (Tensor Rows, Tensor? Columns) Gradient(Tensor largest, Tensor slopes, Tensor logSums, bool inColumns)
    {
        Tensor rowGradient = empty_like(_rows);
        Tensor? columnGradient = inColumns ? zeros_like(_columns) : null;
        Tensor scaled = _concentration.ScaleConstant(slopes.unsqueeze(1) * (largest - logSums.unsqueeze(1)).exp()).to(_rows.dtype);
        foreach ((int top, int bottom) in Bands())
        {
            using var scope = NewDisposeScope();
            Tensor weights = Exponents(top, bottom).sub_(largest[top..bottom]).to(_rows.dtype).exp_().mul_(scaled[top..bottom]);
            rowGradient[top..bottom].addmm_(weights, _columns, beta: 0);
            columnGradient?.addmm_(weights.t(), _rows[top..bottom]);
        }
        return (rowGradient, columnGradient);
    }

    private IEnumerable<(int Top, int Bottom)> Bands()
    {
        int height = (int)_band.shape[0];
        for (int top = 0; top < _count; top += height)
        {
            yield return (top, Math.Min(top + height, _count));
        }
    }

    private Tensor Exponents(int top, int bottom)
    {
        Tensor exponents = _band[..(bottom - top)].addmm_(_scaledRows[top..bottom], _columnsTransposed, beta: 0);
        if (_own is int own)
        {
            exponents[.., (own + top)..(own + bottom)].diagonal().fill_(double.NegativeInfinity);
        }
        return exponents;
    }
}
