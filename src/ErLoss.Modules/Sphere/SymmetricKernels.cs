using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The kernels E_ij = exp(κ·z_i·z_j − shift) of all pairs of different rows, tile by tile on and above the diagonal: their row sums, weighted by the columns, and the
/// gradient of any function of these, without a k×k matrix. E_ii, the own kernel, counts as zero, as do kernels of rows with equal ids; see <see cref="KernelEntropy"/>.
/// </summary>
/// <remarks>
/// <para>
/// With one shift for all pairs E is symmetric, so that a tile serves its mirror image too: half a matrix product for E, one for the
/// gradient, and half of one more for those tiles that the budget did not allow to keep between the two.
/// </para>
/// <para>
/// κ·z_i·z_j ≤ κ·max‖z‖². Where that is within <see cref="ExponentRange"/> (unit rows, κ below 60 in float32) no shift is needed; else the
/// shift brings the bound down to it. A kernel that underflows then is negligible beside the own kernel of a unit row, so the sums need no check.
/// They are checked with leave-one-out, where there is a shift or the rows have weights, and for rows of very different norms. The sum of a row of zeros, whose kernels are all one, is known and is put in
/// its place.
/// </para>
/// <para>
/// What is read back makes the host wait for a GPU. For rows known to be of unit norm nothing is, whatever κ is.
/// </para>
/// </remarks>
internal sealed class SymmetricKernels
{
    // Where all tiles fit (k up to 9,000 or so in float32) none is evaluated twice, which saves a tenth of the time at k = 8,192. Where they
    // do not, fewer are kept, so that the peak at k = 16,384 stays under a twentieth of the composed form's.
    private const long AllTilesBudget = 160L << 20, SomeTilesBudget = 96L << 20;

    // Of a row that was divided by its norm, rounding included.
    private const double LargestUnitNorm = 1.0001;

    // Up to here κ times the rounding of a unit row's norm is a small number, so that no own kernel comes near to vanishing.
    private const double LargestKappa = 1e6;

    // Kept, as a number's conversion may be freed before native code reads it.
    private static readonly Scalar s_zero = 0, s_none = double.NegativeInfinity, s_infinite = double.PositiveInfinity;

    private readonly Tensor _rows;
    private readonly Tensor _factors;
    private readonly Tensor _scaledRows;
    private readonly Tensor _columns;
    private readonly Concentration _concentration;
    private readonly Tensor _ownExponents;
    private readonly KernelWeights _weights;
    private readonly bool _unitRows;
    private readonly bool _leaveOneOut;
    private readonly Tensor? _columnWeights;
    private readonly Tensor? _shift;
    private readonly bool _mayVanish;
    private readonly IReadOnlyList<PairTile> _tiles;
    private readonly Tensor?[] _kept;
    private readonly Tensor? _scratch;
    private readonly Tensor? _exponents;

    /// <param name="rows">(k, d), without gradient.</param>
    /// <param name="ownExponents">κ·z_i·z_i in float64, (k).</param>
    /// <param name="weights">Of the rows as centres, and their ids.</param>
    /// <param name="settings">κ, whose gradient is not looked at, and how kernels are computed.</param>
    /// <param name="forGradient">Whether a gradient will be asked for, so that keeping tiles is of use.</param>
    public SymmetricKernels(Tensor rows, Tensor ownExponents, KernelWeights weights, KernelSettings settings, bool forGradient)
    {
        Concentration concentration = settings.Concentration;
        _rows = rows;
        _concentration = concentration;
        _ownExponents = ownExponents;
        _weights = weights;
        _unitRows = settings.UnitRows;
        _leaveOneOut = settings.LeaveOneOut;
        _columnWeights = weights.Rows?.to(rows.dtype);
        double largest = ExponentRange.Largest(rows.dtype);
        double? bound = _unitRows ? concentration.Value * Math.Pow(LargestUnitNorm, 2) : ownExponents.max().ToDouble();
        _shift = bound <= largest ? null : (ownExponents.amax([0]) - largest).clamp_min(0);
        _mayVanish = (_shift is not null && (_leaveOneOut || !_unitRows || concentration.Value > LargestKappa)) || (_leaveOneOut && weights.MaySpan);
        bool round = settings.Precision == ProductPrecision.BFloat16 && rows.dtype == ScalarType.Float32 && !(bound > largest);
        // A κ that the host does not know need not be large, and float64 is slow on most GPUs: its exponents have the rows' own type.
        bool widen = bound > largest && rows.dtype != ScalarType.Float64;
        _factors = round ? rows.to(ScalarType.BFloat16) : rows;
        Tensor exact = widen ? rows.to(ScalarType.Float64) : rows;
        _scaledRows = concentration.ScaleConstant(exact).to(widen ? ScalarType.Float64 : _factors.dtype);
        _columns = (widen ? exact : _factors).t();

        _tiles = PairTile.UpperHalf(rows);
        _kept = new Tensor?[_tiles.Count];
        long bytes = _factors.element_size(), all = _tiles.Sum(tile => (long)tile.Size) * bytes;
        long left = !forGradient ? 0 : settings.Budget ?? (all <= AllTilesBudget ? AllTilesBudget : SomeTilesBudget);
        int kept = 0;
        for (; kept < _kept.Length && (left -= _tiles[kept].Size * bytes) >= 0; kept++)
        {
            _kept[kept] = Buffer(_tiles[kept].Size, _factors.dtype);
        }
        _scratch = kept < _kept.Length ? Buffer(_tiles.Skip(kept).Max(tile => tile.Size), _factors.dtype) : null;
        _exponents = widen ? Buffer(_tiles[0].Size, ScalarType.Float64) : null;
    }

    /// <summary>
    /// For each row (k), in float64, the logarithm of the weighted sum of its kernels but the own one, log Σ_j v_j·E_ij + shift; −∞ where there are none. False where a sum, with
    /// the own kernel if that is kept, underflows, and where a GPU's sums of unit rows might: to look would make the host wait.
    /// </summary>
    public bool TrySum(out Tensor logSums)
    {
        logSums = _ownExponents;
        if (_mayVanish && _unitRows && _rows.device_type != DeviceType.CPU)
        {
            return false;
        }
        Tensor sums = (_tiles.Count == 1 ? TileSums.OfRows(Evaluate(_tiles[0], _kept[0] ?? _scratch!), _columnWeights, _rows.dtype) : SumTiles()).to(ScalarType.Float64);
        logSums = _shift is null ? sums.log() : sums.log() + _shift;
        if (DirectionlessRows is { } directionless)
        {
            // All kernels of such a row are one, and are lost beside the shift.
            using Scalar count = Math.Log(_rows.shape[0] - 1);
            logSums = _weights.OtherRows is { } others
                ? logSums.masked_fill(directionless, s_zero) + others.log().masked_fill(directionless.eq(0), s_zero)
                : logSums.masked_fill(directionless, count);
        }
        return !_mayVanish || !MayUnderflow(sums);
    }

    /// <summary>The row sums of all tiles.</summary>
    private Tensor SumTiles()
    {
        bool areOnes = _columnWeights is null;
        Tensor sums = zeros_like(_rows[.., 0]), columnWeights = _columnWeights ?? ones_like(sums);
        for (int i = 0; i < _tiles.Count; i++)
        {
            using var scope = NewDisposeScope();
            PairTile tile = _tiles[i];
            Tensor kernels = Evaluate(tile, _kept[i] ?? _scratch!);
            TileSums.AddRows(sums[tile.Top..tile.Bottom], kernels, columnWeights[tile.Left..tile.Right], areOnes);
            if (tile.MirrorLeft < tile.Right)
            {
                TileSums.AddRows(sums[tile.MirrorLeft..tile.Right], kernels[.., (tile.MirrorLeft - tile.Left)..].t(), columnWeights[tile.Top..tile.Bottom], areOnes);
            }
        }
        return sums;
    }

    private bool MayUnderflow(Tensor sums)
    {
        Tensor all = sums;
        if (!_leaveOneOut)
        {
            Tensor own = _weights.LogOwn is null ? _ownExponents : _ownExponents + _weights.LogOwn;
            all = sums + (_shift is null ? own : own - _shift).exp();
        }
        // A row that does not count may have any sum.
        all = _weights.Counted is { } counted ? counted.Fill(all, s_infinite) : all;
        return !(all.min().ToDouble() >= ExponentRange.LeastSum(_rows.dtype, _rows.shape[0])) || (_leaveOneOut && AreWeightsCoarse);
    }

    /// <summary>Whether a weight is a subnormal number of the rows' type, which has few digits. They count where such weights are all that a row is left with.</summary>
    private bool AreWeightsCoarse => _weights.Rows is { } weights && weights.lt(finfo(_rows.dtype).tiny).logical_and(weights.gt(0)).any().item<bool>();

    /// <summary>
    /// κ·[E ∘ (c_i·v_j + c_j·v_i)]·Z, (k, d), with c_i = a_i/Σ_j v_j·E_ij: the gradient in the rows of a function whose derivative in row i's log-sum is
    /// a_i, but for the own kernels' share. The log-sums may have grown by kernels that are not here; +∞ stands for a row without gradient. Uses kept tiles up.
    /// </summary>
    public Tensor Gradient(Tensor slopes, Tensor logSums)
    {
        // The lower half's share is gathered transposed, as Z_Iᵀ·W: no product has to read W against its layout, which costs a tenth.
        Tensor factorsTransposed = _factors.t(), upper = empty_like(_rows);
        Tensor? lower = _tiles.Count == 1 ? null : zeros(_columns.shape, dtype: _rows.dtype, device: _rows.device);
        Tensor exponents = _shift is null ? -logSums : _shift - logSums;
        if (DirectionlessRows is { } directionless)
        {
            exponents = exponents.masked_fill(directionless, s_none); // it has no gradient, and turns no other row
        }
        Tensor scaled = _concentration.ScaleConstant(slopes * exponents.exp()).to(_factors.dtype);
        // c_i·v_j + c_j·v_i is a product of (k, 2) and (2, k), which costs no more passes over a tile than c_i + c_j.
        Tensor? columnWeights = _columnWeights?.to(_factors.dtype);
        Tensor? pairs = columnWeights is null ? null : stack([scaled, columnWeights], 1), swapped = columnWeights is null ? null : stack([columnWeights, scaled], 0);
        for (int i = 0; i < _tiles.Count; i++)
        {
            using var scope = NewDisposeScope();
            PairTile tile = _tiles[i];
            Tensor weights = _kept[i] is Tensor kept ? Shaped(kept, tile) : Evaluate(tile, _scratch!);
            weights.mul_(pairs is null
                ? scaled[tile.Top..tile.Bottom].unsqueeze(1) + scaled[tile.Left..tile.Right]
                : pairs[tile.Top..tile.Bottom].mm(swapped![.., tile.Left..tile.Right]));
            TileSums.AddProduct(upper[tile.Top..tile.Bottom], weights, _factors[tile.Left..tile.Right], isFirst: tile.OnDiagonal);
            if (tile.MirrorLeft < tile.Right)
            {
                TileSums.AddProduct(
                    lower![.., tile.MirrorLeft..tile.Right],
                    factorsTransposed[.., tile.Top..tile.Bottom],
                    weights[.., (tile.MirrorLeft - tile.Left)..],
                    isFirst: false);
            }
        }
        return lower is null ? upper : upper.add_(lower.t());
    }

    /// <summary>
    /// Which rows are the zero vector, where kernels are shifted and sums are not checked: normalised rows, whose own exponent is then 0 and else κ.
    /// Null where there is nothing to mend.
    /// </summary>
    private Tensor? DirectionlessRows => _shift is not null && !_mayVanish ? _ownExponents.eq(0) : null;

    private Tensor Evaluate(PairTile tile, Tensor buffer)
    {
        Tensor kernels = Shaped(buffer, tile), rows = _scaledRows[tile.Top..tile.Bottom], columns = _columns[.., tile.Left..tile.Right];
        if (_exponents is not null)
        {
            kernels.copy_(Shaped(_exponents, tile).addmm_(rows, columns, beta: 0).sub_(_shift!));
        }
        else
        {
            kernels.addmm_(rows, columns, beta: 0);
            if (_shift is not null)
            {
                kernels.sub_(_shift);
            }
        }
        kernels.exp_();
        if (_weights.Ids is { } ids)
        {
            kernels.masked_fill_(ids[tile.Top..tile.Bottom].unsqueeze(1).eq(ids[tile.Left..tile.Right]), s_zero);
        }
        else if (tile.OnDiagonal)
        {
            kernels.diagonal().zero_();
        }
        return kernels;
    }

    private static Tensor Shaped(Tensor buffer, PairTile tile) => buffer[..tile.Size].view(tile.Height, tile.Width);

    private Tensor Buffer(int size, ScalarType dtype) => empty(size, dtype: dtype, device: _rows.device);
}
