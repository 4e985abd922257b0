using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The kernels E_ij = exp(κ·z_i·z_j − shift) of all pairs of rows, tile by tile on and above the diagonal: their row sums, and the
/// gradient of any function of these, without a k×k matrix.
/// </summary>
/// <remarks>
/// <para>
/// With one shift for all pairs E is symmetric, so that a tile serves its mirror image too: half a matrix product for E, one for the
/// gradient, and half of one more for those tiles that the budget did not allow to keep between the two.
/// </para>
/// <para>
/// κ·z_i·z_j ≤ κ·max‖z‖². Where that is within <see cref="ExponentRange"/> (unit rows, κ ≤ 60 in float32) no shift is needed; else the
/// shift brings the bound down to it. Row sums that are too small even so are reported: leave-one-out with a large κ, or rows of very
/// different norms.
/// </para>
/// <para>
/// What is read back makes the host wait for a GPU. For rows known to be of unit norm and a κ that needs no shift nothing is.
/// </para>
/// </remarks>
internal sealed class SymmetricKernels
{
    // Where all tiles fit (k up to 9,000 or so in float32) none is evaluated twice, which saves a tenth of the time at k = 8,192. Where they
    // do not, fewer are kept, so that the peak at k = 16,384 stays under a twentieth of the composed form's.
    private const long AllTilesBudget = 160L << 20, SomeTilesBudget = 96L << 20;

    // Of a row that was divided by its norm, rounding included.
    private const double LargestUnitNorm = 1.0001;

    private readonly Tensor _rows;
    private readonly Tensor _scaledRows;
    private readonly Tensor _columns;
    private readonly double _kappa;
    private readonly double _shift;
    private readonly bool _leaveOneOut;
    private readonly IReadOnlyList<PairTile> _tiles;
    private readonly Tensor?[] _kept;
    private readonly Tensor? _scratch;
    private readonly Tensor? _exponents;

    /// <param name="rows">(k, d), without gradient.</param>
    /// <param name="kappa">κ.</param>
    /// <param name="unitRows">Whether the rows are known to be of unit norm.</param>
    /// <param name="leaveOneOut">Whether E_ii counts as zero.</param>
    /// <param name="forGradient">Whether a gradient will be asked for, so that keeping tiles is of use.</param>
    /// <param name="budget">Bytes of tiles to keep; by default 160 MiB where that holds them all, 96 MiB elsewhere.</param>
    public SymmetricKernels(Tensor rows, double kappa, bool unitRows, bool leaveOneOut, bool forGradient, long? budget)
    {
        _rows = rows;
        _kappa = kappa;
        _leaveOneOut = leaveOneOut;
        double largest = ExponentRange.Largest(rows.dtype);
        _shift = unitRows && kappa * Math.Pow(LargestUnitNorm, 2) <= largest
            ? 0
            : Math.Max(0, kappa * Math.Pow(rows.norm(1).max().ToDouble(), 2) - largest);
        _tiles = PairTile.UpperHalf(rows);
        _kept = new Tensor?[_tiles.Count];
        long all = _tiles.Sum(tile => (long)tile.Size) * rows.element_size();
        long left = !forGradient ? 0 : budget ?? (all <= AllTilesBudget ? AllTilesBudget : SomeTilesBudget);
        int kept = 0;
        for (; kept < _kept.Length && (left -= _tiles[kept].Size * rows.element_size()) >= 0; kept++)
        {
            _kept[kept] = Buffer(_tiles[kept].Size, rows.dtype);
        }
        _scratch = kept < _kept.Length ? Buffer(_tiles.Skip(kept).Max(tile => tile.Size), rows.dtype) : null;

        Tensor factors = _shift == 0 ? rows : rows.to(ScalarType.Float64);
        _scaledRows = factors * kappa;
        _columns = factors.t();
        _exponents = _shift == 0 ? null : Buffer(_tiles[0].Size, ScalarType.Float64);
    }

    /// <summary>Σ_j E_ij, (k), and log Σ_j exp(κ·z_i·z_j) in float64, (k); false where a sum underflows.</summary>
    public bool TrySum(out Tensor sums, out Tensor logSums)
    {
        sums = zeros_like(_rows[.., 0]);
        Tensor ones = ones_like(sums);
        for (int i = 0; i < _tiles.Count; i++)
        {
            using var scope = NewDisposeScope();
            PairTile tile = _tiles[i];
            Tensor kernels = Evaluate(tile, _kept[i] ?? _scratch!);
            sums[tile.Top..tile.Bottom].addmv_(kernels, ones[..tile.Width]);
            if (tile.MirrorLeft < tile.Right)
            {
                sums[tile.MirrorLeft..tile.Right].addmv_(kernels[.., (tile.MirrorLeft - tile.Left)..].t(), ones[..tile.Height]);
            }
        }
        logSums = sums.to(ScalarType.Float64).log() + _shift;
        // Without a shift no exponent is below −Largest, nor a sum too small.
        return _shift == 0 || sums.min().ToDouble() >= ExponentRange.LeastSum(_rows.dtype, _rows.shape[0]);
    }

    /// <summary>
    /// κ·[E ∘ (c_i + c_j)]·Z, (k, d): the gradient in the rows of a function whose derivative in row i's sum is c_i. Uses kept tiles
    /// up.
    /// </summary>
    public Tensor Gradient(Tensor slopes)
    {
        // The lower half's share is gathered transposed, as Z_Iᵀ·W: no product has to read W against its layout, which costs a tenth.
        Tensor rowsTransposed = _rows.t(), upper = empty_like(_rows), lower = zeros(rowsTransposed.shape, dtype: _rows.dtype, device: _rows.device);
        Tensor scaled = (slopes * _kappa).to(_rows.dtype);
        for (int i = 0; i < _tiles.Count; i++)
        {
            using var scope = NewDisposeScope();
            PairTile tile = _tiles[i];
            Tensor weights = _kept[i] is Tensor kept ? Shaped(kept, tile) : Evaluate(tile, _scratch!);
            weights.mul_(scaled[tile.Top..tile.Bottom].unsqueeze(1) + scaled[tile.Left..tile.Right]);
            upper[tile.Top..tile.Bottom].addmm_(weights, _rows[tile.Left..tile.Right], beta: tile.OnDiagonal ? 0 : 1);
            if (tile.MirrorLeft < tile.Right)
            {
                lower[.., tile.MirrorLeft..tile.Right]
                    .addmm_(rowsTransposed[.., tile.Top..tile.Bottom], weights[.., (tile.MirrorLeft - tile.Left)..]);
            }
        }
        return upper.add_(lower.t());
    }

    private Tensor Evaluate(PairTile tile, Tensor buffer)
    {
        Tensor kernels = Shaped(buffer, tile), rows = _scaledRows[tile.Top..tile.Bottom], columns = _columns[.., tile.Left..tile.Right];
        if (_exponents is null)
        {
            kernels.addmm_(rows, columns, beta: 0);
        }
        else
        {
            kernels.copy_(Shaped(_exponents, tile).fill_(-_shift).addmm_(rows, columns));
        }
        kernels.exp_();
        if (_leaveOneOut && tile.OnDiagonal)
        {
            kernels.diagonal().zero_();
        }
        return kernels;
    }

    private static Tensor Shaped(Tensor buffer, PairTile tile) => buffer[..tile.Size].view(tile.Height, tile.Width);

    private Tensor Buffer(int size, ScalarType dtype) => empty(size, dtype: dtype, device: _rows.device);
}
