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
    private readonly double _kappa;
    private readonly int? _own;
    private readonly int _count;
    private readonly Tensor _band;

    /// <param name="rows">z, (n, d), without gradient.</param>
    /// <param name="columns">y, (m, d), without gradient.</param>
    /// <param name="kappa">κ.</param>
    /// <param name="own">Where row 0 stands among the columns (row i at own + i), if E_i,own+i counts as zero.</param>
    public RectangularKernels(Tensor rows, Tensor columns, double kappa, int? own)
    {
        _rows = rows;
        _columns = columns;
        _kappa = kappa;
        _own = own;
        _count = (int)rows.shape[0];
        double bound = kappa * rows.norm(1).max().ToDouble() * columns.norm(1).max().ToDouble();
        ScalarType dtype = bound <= ExponentRange.Largest(rows.dtype) ? rows.dtype : ScalarType.Float64;
        _scaledRows = rows.to(dtype) * kappa;
        _columnsTransposed = columns.to(dtype).t();
        (int height, int width) = PairTile.Shape(rows);
        _band = empty(Math.Clamp(height * width / columns.shape[0], 1, _count), columns.shape[0], dtype: dtype, device: rows.device);
    }

    /// <summary>Each row's largest exponent and Σ_j E_ij, (n, 1) both, and log Σ_j exp(κ·z_i·y_j) in float64, (n).</summary>
    public void Sum(out Tensor largest, out Tensor sums, out Tensor logSums)
    {
        largest = zeros_like(_scaledRows[.., ..1]);
        sums = zeros_like(_rows[.., ..1]);
        foreach ((int top, int bottom) in Bands())
        {
            using var scope = NewDisposeScope();
            Tensor exponents = Exponents(top, bottom);
            largest[top..bottom].copy_(exponents.amax([1], keepdim: true));
            sums[top..bottom].copy_(exponents.sub_(largest[top..bottom]).to(_rows.dtype).exp_().sum(1, keepdim: true));
        }
        logSums = (largest.to(ScalarType.Float64) + sums.to(ScalarType.Float64).log()).squeeze(1);
    }

    /// <summary>
    /// The gradient of a function whose derivative in row i's sum is c_i, (n, 1): κ Σ_j c_i·E_ij·y_j in the rows, (n, d), and, where it is
    /// wanted, κ Σ_i c_i·E_ij·z_i in the columns, (m, d).
    /// </summary>
    public (Tensor Rows, Tensor? Columns) Gradient(Tensor largest, Tensor slopes, bool inColumns)
    {
        Tensor rowGradient = empty_like(_rows);
        Tensor? columnGradient = inColumns ? zeros_like(_columns) : null;
        Tensor scaled = (slopes * _kappa).to(_rows.dtype);
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
