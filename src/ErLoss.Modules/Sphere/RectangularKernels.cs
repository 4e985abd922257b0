using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The kernels E_ij = v_j·exp(κ·z_i·y_j − shift_i) of n rows against m centres of weights v (a queue of past projections, given negatives), tile by tile: their
/// row sums, and the gradient of any function of these, without an n×m matrix.
/// </summary>
/// <remarks>
/// <para>
/// Where κ·‖z_i‖·‖y_j‖ is within <see cref="ExponentRange"/> there is no shift, unless there are weights and rows are left out. Elsewhere each row is shifted by the largest exponent that it has met, and what was added up so far is
/// scaled down where a larger one comes, so that no sum can underflow or overflow.
/// </para>
/// <para>
/// The gradient of a row is a multiple of Σ_j E_ij·y_j, whatever function it is of. That is added up together with the sums, so that the gradient in the rows takes two
/// matrix products in all and keeps nothing. The gradient in the centres needs the function's derivatives first: one product more, over kernels that were kept if there is
/// room for them, else evaluated again.
/// </para>
/// </remarks>
internal sealed class RectangularKernels : ICenterKernels
{
    private const long KeptBudget = 160L << 20;

    // Kept, as a number's conversion may be freed before native code reads it.
    private static readonly Scalar s_none = double.NegativeInfinity;

    private readonly Tensor _rows;
    private readonly Tensor _centers;
    private readonly Tensor[] _scaledRows; // κ·z for each band of tiles
    private readonly Tensor[] _centersTransposed; // yᵀ for each column of tiles
    private readonly Tensor[]? _logWeights, _rowIds, _centerIds;
    private readonly bool _areRows;
    private readonly Concentration _concentration;
    private readonly Tensor? _weights;
    private readonly bool _isShifted;
    private readonly bool _areKept;
    private readonly TileShape _tile;
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
        _areRows = how.AreRows;
        _concentration = settings.Concentration;
        double? bound = ExponentRange.Bound(rows, centers, settings);
        // As in the symmetric form, a κ that the host does not know does not bring about float64. It may be large all the same.
        // Without a row's own kernel, what is left can weigh so little that its sum would underflow.
        _isShifted = !(bound <= ExponentRange.Largest(rows.dtype)) || (settings.LeaveOneOut && how.Weights is not null);
        ScalarType dtype = bound > ExponentRange.Largest(rows.dtype) ? ScalarType.Float64 : rows.dtype;
        (int n, int m) = ((int)rows.shape[0], (int)centers.shape[0]);
        _tile = TileShape.Of(rows.device_type, n, m);
        _scaledRows = Bands(_concentration.ScaleConstant(rows.to(dtype)));
        _centersTransposed = Columns(centers.to(dtype).t(), 1);
        _logWeights = _isShifted && how.Weights is not null ? Columns(how.Weights.log().to(dtype)) : null;
        _weights = _isShifted ? null : how.Weights?.to(rows.dtype);
        (_rowIds, _centerIds) = how.RowIds is null || how.Ids is null ? (null, null) : (Bands(how.RowIds.unsqueeze(1)), Columns(how.Ids));
        _areKept = forCenters && !_isShifted && (long)n * m * rows.element_size() <= (settings.Budget ?? KeptBudget);
        _kernels = _areKept ? empty(n, m, dtype: dtype, device: rows.device) : empty(_tile.Height * _tile.Width, dtype: dtype, device: rows.device);
        _products = forRows ? zeros_like(rows) : null;
        _shifts = full([n, 1], _isShifted ? finfo(dtype).min : 0, dtype: dtype, device: rows.device);
    }

    /// <summary>For each row log Σ_j v_j·exp(κ·z_i·y_j) in float64, (n); −∞ where there is no centre.</summary>
    public Tensor LogSums()
    {
        Tensor sums = zeros_like(_rows[.., 0]), columnWeights = _weights ?? ones(_centers.shape[0], dtype: _rows.dtype, device: _rows.device);
        Tensor[] rowSums = Bands(sums), rowShifts = Bands(_shifts), weights = Columns(columnWeights);
        Tensor[]? products = _products is null ? null : Bands(_products);
        Tensor[]? weighted = _products is null ? null : Columns(_weights is null ? _centers : _centers * _weights.unsqueeze(1));
        for (int i = 0; i < rowSums.Length; i++)
        {
            for (int j = 0; j < weights.Length; j++)
            {
                using var scope = NewDisposeScope();
                Tensor exponents = Exponents(i, j);
                if (_isShifted)
                {
                    Tensor larger = maximum(rowShifts[i], exponents.amax([1], keepdim: true)), factors = (rowShifts[i] - larger).exp().to(_rows.dtype);
                    rowSums[i].mul_(factors.squeeze(1));
                    products?[i].mul_(factors);
                    rowShifts[i].copy_(larger);
                }
                Tensor kernels = Exponentiate(exponents, i);
                rowSums[i].addmv_(kernels, weights[j]);
                products?[i].addmm_(kernels, weighted![j]);
            }
        }
        return _shifts.squeeze(1).to(ScalarType.Float64) + sums.to(ScalarType.Float64).log();
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
        Tensor[] parts = Columns(gradient), scaled = Bands(scaledRows);
        for (int i = 0; i < scaled.Length; i++)
        {
            for (int j = 0; j < parts.Length; j++)
            {
                using var scope = NewDisposeScope();
                Tensor kernels = _areKept ? Tile(i, j) : Exponentiate(Exponents(i, j), i);
                parts[j].addmm_(kernels.t(), scaled[i]);
            }
        }
        return _weights is null ? gradient : gradient.mul_(_weights.unsqueeze(1));
    }

    /// <summary>κ·a_i·exp(shift_i − L_i), (n, 1).</summary>
    private Tensor Factors(Tensor slopes, Tensor logSums) =>
        _concentration.ScaleConstant(slopes.unsqueeze(1) * (_shifts - logSums.unsqueeze(1)).exp()).to(_rows.dtype);

    /// <summary>What belongs to the bands of rows that tiles lie in: once for all tiles, since each part costs a call.</summary>
    private Tensor[] Bands(Tensor ofRows) => ofRows.split(_tile.Height);

    /// <summary>What belongs to the columns of the tiles.</summary>
    private Tensor[] Columns(Tensor ofCenters, int dimension = 0) => ofCenters.split(_tile.Width, dimension);

    /// <summary>The place of a tile's kernels.</summary>
    private Tensor Tile(int band, int column)
    {
        (long height, long width) = (_scaledRows[band].shape[0], _centersTransposed[column].shape[1]);
        return _areKept
            ? _kernels.narrow(0, (long)band * _tile.Height, height).narrow(1, (long)column * _tile.Width, width)
            : _kernels.narrow(0, 0, height * width).view(height, width);
    }

    private Tensor Exponents(int band, int column)
    {
        Tensor exponents = Tile(band, column).addmm_(_scaledRows[band], _centersTransposed[column], beta: 0);
        if (_logWeights is not null)
        {
            exponents.add_(_logWeights[column]);
        }
        if (_rowIds is not null && _centerIds is not null)
        {
            exponents.masked_fill_(_rowIds[band].eq(_centerIds[column]), s_none);
        }
        if (_areRows)
        {
            // The part of the diagonal that goes through this tile.
            int offset = band * _tile.Height - column * _tile.Width;
            if (offset > -exponents.shape[0] && offset < exponents.shape[1])
            {
                exponents.diagonal(offset).fill_(s_none);
            }
        }
        return exponents;
    }

    /// <summary>The kernels of a tile, in the place of its exponents if they have its type.</summary>
    private Tensor Exponentiate(Tensor exponents, int band) =>
        (_isShifted ? exponents.sub_(_shifts.narrow(0, (long)band * _tile.Height, exponents.shape[0])).to(_rows.dtype) : exponents).exp_();
}
