using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The kernels E_ij = exp(κ·z_i·y_j) of a rank's n rows against m rows of the same global batch, tile by tile: their sums, weighted by the columns, and the gradient in the own rows of any function of
/// all rows' sums. The m rows are those of other ranks, or the whole batch, in which the own rows then have their places.
/// </summary>
/// <remarks>
/// <para>
/// E_ij counts in row i's sum by v_j, and in that of row j, which another rank computes, by v_i. The gradient in row i is κ·Σ_j [a_i·v_j·E_ij/s_i + a_j·v_i·E_ij/s_j]·y_j, where s are the sums and a the
/// function's derivatives in their logarithms. It needs one product for the sums and one for the gradient, and one more for those kernels that there was no room to keep.
/// </para>
/// <para>
/// Where κ·‖z_i‖·‖y_j‖ is within <see cref="ExponentRange"/> there is no shift, unless there are weights and rows are left out. Elsewhere E_ij is never computed by itself: the sums are log-sum-exps, and
/// both fractions are exponentials of numbers of at most zero.
/// </para>
/// </remarks>
internal sealed class RemoteKernels
{
    // There may be two of them, before and after the own rows.
    private const long KeptBudget = 80L << 20;

    // Kept, as a number's conversion may be freed before native code reads it.
    private static readonly Scalar s_none = double.NegativeInfinity;

    private readonly Tensor _rows, _others;
    private readonly RemoteWeights _weights;
    private readonly Concentration _concentration;
    private readonly bool _isShifted;
    private readonly TileShape _tile;
    private readonly Tensor[] _scaledRows, _othersTransposed;
    private readonly Tensor?[,] _kept;
    private long _budgetLeft;

    /// <param name="rows">z, (n, d), without gradient.</param>
    /// <param name="others">y, (m, d), m ≥ 1, without gradient.</param>
    /// <param name="weights">What both weigh as centres, and for which rows a column is none.</param>
    /// <param name="settings">κ, whose gradient is not looked at, and how kernels are computed.</param>
    /// <param name="forGradient">Whether a gradient will be asked for, so that keeping tiles is of use.</param>
    public RemoteKernels(Tensor rows, Tensor others, RemoteWeights weights, KernelSettings settings, bool forGradient)
    {
        (_rows, _others, _weights, _concentration) = (rows, others, weights, settings.Concentration);
        double? bound = ExponentRange.Bound(rows, others, settings);
        double largest = ExponentRange.Largest(rows.dtype);
        _isShifted = !(bound <= largest) || (settings.LeaveOneOut && weights.OfOthers is not null);
        ScalarType dtype = bound > largest ? ScalarType.Float64 : rows.dtype;
        (int n, int m) = ((int)rows.shape[0], (int)others.shape[0]);
        _tile = settings.Evaluation == KernelEvaluation.Composed ? new TileShape(n, m) : TileShape.Of(rows.device_type, n, m);
        _scaledRows = _concentration.ScaleConstant(rows.to(dtype)).split(_tile.Height);
        _othersTransposed = others.to(dtype).t().split(_tile.Width, 1);
        _kept = new Tensor?[_scaledRows.Length, _othersTransposed.Length];
        _budgetLeft = !forGradient || _isShifted ? 0 : settings.Evaluation == KernelEvaluation.Composed ? long.MaxValue : settings.Budget ?? KeptBudget;
    }

    /// <summary>For each row log Σ_j v_j·exp(κ·z_i·y_j) in float64, (n); −∞ where there is no centre.</summary>
    public Tensor LogSums()
    {
        Tensor[]? weights = Columns(_isShifted ? _weights.OfOthers?.log() : _weights.OfOthers?.to(_rows.dtype));
        var bands = new Tensor[_scaledRows.Length];
        for (int i = 0; i < bands.Length; i++)
        {
            using var scope = NewDisposeScope();
            Tensor? band = null;
            for (int j = 0; j < _othersTransposed.Length; j++)
            {
                Tensor part;
                if (_isShifted)
                {
                    Tensor exponents = Exponents(i, j);
                    part = logsumexp(weights is null ? exponents : exponents.add_(weights[j].to(exponents.dtype)), 1).to(ScalarType.Float64);
                    band = band is null ? part : logaddexp(band, part);
                }
                else
                {
                    part = TileSums.OfRows(Kernels(i, j), weights?[j], _rows.dtype);
                    band = band is null ? part : band + part;
                }
            }
            bands[i] = (_isShifted ? band! : band!.to(ScalarType.Float64).log()).MoveToOuterDisposeScope();
        }
        return cat(bands);
    }

    /// <summary>The gradient in the own rows, (n, d).</summary>
    /// <param name="slopes">The function's derivatives in the own rows' log-sums, (n) in float64.</param>
    /// <param name="logSums">These, with all kernels; +∞ stands for a row without gradient.</param>
    /// <param name="otherSlopes">The same of the others, (m).</param>
    /// <param name="otherLogSums">The same of the others, (m).</param>
    public Tensor Gradient(Tensor slopes, Tensor logSums, Tensor otherSlopes, Tensor otherLogSums)
    {
        Tensor products = zeros_like(_rows);
        Tensor[] parts = products.split(_tile.Height), others = Columns(_others)!;
        Func<int, int, Tensor> factors = _isShifted ? Shifted() : Plain();
        for (int i = 0; i < parts.Length; i++)
        {
            for (int j = 0; j < others.Length; j++)
            {
                using var scope = NewDisposeScope();
                parts[i].addmm_(factors(i, j), others[j]);
            }
        }
        return _concentration.ScaleConstant(products);

        // E ∘ (c_i·v_j + c_j·v_i), whose second factor is a product of (n, 2) and (2, m).
        Func<int, int, Tensor> Plain()
        {
            Tensor own = (slopes * (-logSums).exp()).to(_rows.dtype), remote = (otherSlopes * (-otherLogSums).exp()).to(_rows.dtype);
            Tensor ownWeights = _weights.OfRows?.to(_rows.dtype) ?? ones_like(own), otherWeights = _weights.OfOthers?.to(_rows.dtype) ?? ones_like(remote);
            Tensor[] left = stack([own, ownWeights], 1).split(_tile.Height), right = stack([otherWeights, remote], 0).split(_tile.Width, 1);
            return (i, j) => (_kept[i, j] ?? Kernels(i, j)).mul_(left[i].mm(right[j]));
        }

        Func<int, int, Tensor> Shifted()
        {
            Tensor[] left = Bands(slopes), right = Columns(otherSlopes)!, leftSums = Bands(logSums), rightSums = Columns(otherLogSums)!;
            Tensor[]? leftWeights = _weights.OfRows is { } ofRows ? Bands(ofRows.log()) : null, rightWeights = Columns(_weights.OfOthers?.log());
            return (i, j) =>
            {
                Tensor exponents = Exponents(i, j);
                Tensor own = rightWeights is null ? -leftSums[i] : rightWeights[j] - leftSums[i], remote = leftWeights is null ? -rightSums[j] : leftWeights[i] - rightSums[j];
                return ((exponents + own.to(exponents.dtype)).exp_().mul_(left[i].to(exponents.dtype)) + (exponents + remote.to(exponents.dtype)).exp_().mul_(right[j].to(exponents.dtype))).to(_rows.dtype);
            };
        }
    }

    /// <summary>What belongs to the bands of rows that tiles lie in, (height, 1) each.</summary>
    private Tensor[] Bands(Tensor ofRows) => ofRows.unsqueeze(1).split(_tile.Height);

    private Tensor[]? Columns(Tensor? ofOthers) => ofOthers?.split(_tile.Width);

    /// <summary>Kernels without a shift, which are kept if there is room.</summary>
    private Tensor Kernels(int band, int column)
    {
        Tensor kernels = Exponents(band, column).exp_();
        long bytes = kernels.numel() * kernels.element_size();
        if (_budgetLeft >= bytes && _kept[band, column] is null)
        {
            _budgetLeft -= bytes;
            _kept[band, column] = kernels.MoveToOuterDisposeScope();
        }
        return kernels;
    }

    private Tensor Exponents(int band, int column)
    {
        Tensor exponents = _scaledRows[band].mm(_othersTransposed[column]);
        (int top, int left) = (band * _tile.Height, column * _tile.Width);
        if (_weights is { RowIds: { } rowIds, OtherIds: { } otherIds })
        {
            exponents.masked_fill_(rowIds.narrow(0, top, exponents.shape[0]).unsqueeze(1).eq(otherIds.narrow(0, left, exponents.shape[1])), s_none);
        }
        // The part of the own places that is in this tile.
        if (_weights.OwnStart + top - left is { } offset && offset > -exponents.shape[0] && offset < exponents.shape[1])
        {
            exponents.diagonal((int)offset).fill_(s_none);
        }
        return exponents;
    }
}
