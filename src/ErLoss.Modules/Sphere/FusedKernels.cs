using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// All kernels of one batch, over tiles of the pairs or by attention, and without a k×k matrix: of its rows against each other, of its own places, and against further centres. They give
/// the rows' log-sums, and the gradients of any function of these.
/// </summary>
/// <remarks>
/// <para>
/// Let H be such a function. With L_i a row's log-sum, a_i = ∂H/∂L_i and c_i = a_i/s_i, where s_i = exp(L_i): ∂H/∂Z = κ·[E ∘ (c_i·v_j + c_j·v_i)]·Z from the batch itself, and
/// κ·Σ_j c_i·v_j·E_ij·y_j from further centres. H depends on κ only through κ·z_i·y_j, so κ·∂H/∂κ = Σ_i z_i·(∂H/∂Z)_i over centres that are no rows of the batch, and half of
/// that over those that are.
/// </para>
/// <para>
/// The own kernels stand apart, see <see cref="KernelEntropy"/>. Of L_i their share is p_i = E_ii/s_i, so they add 2κ·a_i·p_i·z_i to ∂H/∂Z,
/// where the rows are used as given, and Σ_i a_i·p_i·z_i·z_i to ∂H/∂κ.
/// </para>
/// </remarks>
internal sealed class FusedKernels
{
    private readonly Tensor _rows;
    private readonly GatheredRows? _gathered;
    private readonly Tensor? _centers;
    private readonly KernelWeights _weights;
    private readonly KernelSettings _settings;
    private readonly WantedGradients _wanted;
    private readonly Tensor _squares;
    private readonly Tensor _ownExponents;
    private SymmetricKernels? _symmetric;
    private RectangularKernels? _shifted;
    private AttentionRows? _attention;
    private ICenterKernels? _further;
    private ((long Start, long Count) Part, RemoteKernels Kernels)[] _remote = [];

    /// <param name="rows">(k, d), float32 or float64, without gradient.</param>
    /// <param name="gathered">The rows of all ranks; null where there is one process.</param>
    /// <param name="centers">Further centres, (m, d) with m ≥ 1 and without gradient, or null.</param>
    /// <param name="weights">What kernels weigh.</param>
    /// <param name="settings">κ, whose gradient is not looked at, and how kernels are computed.</param>
    /// <param name="wanted">Which gradients will be asked for.</param>
    public FusedKernels(Tensor rows, GatheredRows? gathered, Tensor? centers, KernelWeights weights, KernelSettings settings, WantedGradients wanted)
    {
        _rows = rows;
        _gathered = gathered;
        _centers = centers;
        _weights = weights;
        _settings = settings;
        _wanted = wanted;
        // Of exponents that are small, a square's rounding is; the sum of others is in float64, for which a sum converts all that it adds up.
        bool areSmall = settings.UnitRows && settings.Concentration.Value <= ExponentRange.Largest(rows.dtype);
        _squares = areSmall ? (rows * rows).sum(1).to(ScalarType.Float64) : rows.square().sum(1, type: ScalarType.Float64);
        _ownExponents = settings.Concentration.ScaleConstant(_squares);
        LogOwn = weights.LogOwn is null ? _ownExponents : _ownExponents + weights.LogOwn;
    }

    /// <summary>Logarithms of the rows' own kernels, (k) in float64.</summary>
    public Tensor LogOwn { get; }

    /// <summary>Whether kernels of pairs have a shift of their row's, as one for all would not do. Known as soon as they were summed.</summary>
    public bool ShiftsEachRow => _shifted is not null;

    /// <summary>For each row the logarithm of the sum of its kernels but the own one, (k) in float64; −∞ where there are none.</summary>
    public Tensor LogSumsOfOthers()
    {
        Tensor? others = null;
        if (_gathered is not null)
        {
            // Composed, all kernels are one matrix of the own rows against the whole batch.
            bool isWhole = _settings.Evaluation == KernelEvaluation.Composed;
            _remote = [.. _gathered.Parts(isWhole).Select(part => (part, _gathered.Kernels(_rows, part, _settings, _wanted.RowsOrKappa)))];
            others = _remote.Select(remote => remote.Kernels.LogSums()).Aggregate(logaddexp);
        }
        if (_gathered is null || _settings.Evaluation != KernelEvaluation.Composed)
        {
            Tensor ofOwn = LogSumsOfRows();
            others = others is null ? ofOwn : logaddexp(others, ofOwn);
        }
        _further = Further();
        return _further is null ? others! : logaddexp(others!, _further.LogSums());
    }

    private Tensor LogSumsOfRows()
    {
        if (_settings.Attention is not null)
        {
            _attention = ByAttention();
            return _attention.LogSums();
        }
        _symmetric = Symmetric(_wanted.RowsOrKappa);
        if (!_symmetric.TrySum(out Tensor others))
        {
            _shifted = Shifted();
            others = _shifted.LogSums();
        }
        return others;
    }

    /// <summary>Readies the gradients of kernels that were summed earlier, by another object.</summary>
    /// <param name="shiftsEachRow">What <see cref="ShiftsEachRow"/> was there.</param>
    public void Prepare(bool shiftsEachRow)
    {
        // A symmetric tile is evaluated once, in the gradient; the other forms have their sums of products to find first.
        bool byTiles = _settings.Attention is null && _wanted.RowsOrKappa;
        _symmetric = byTiles && !shiftsEachRow ? Symmetric(keepTiles: false) : null;
        _shifted = byTiles && shiftsEachRow ? Shifted() : null;
        _attention = _settings.Attention is not null && _wanted.RowsOrKappa ? ByAttention() : null;
        _further = Further();
        _attention?.LogSums();
        _shifted?.LogSums();
        _further?.LogSums();
    }

    /// <summary>The gradients that are wanted, after <see cref="LogSumsOfOthers"/> or <see cref="Prepare"/>, once.</summary>
    /// <param name="slopes">The function's derivatives in the log-sums, a_i, (k) in float64; of the rows of all ranks, (K), where there are several.</param>
    /// <param name="logSums">The log-sums of the same rows, with the own kernels where these are kept; +∞ stands for a row without gradient.</param>
    public KernelGradients Gradients(Tensor slopes, Tensor logSums)
    {
        Tensor? remoteGradient = null;
        if (_gathered is not null)
        {
            (Tensor allSlopes, Tensor allSums) = (slopes, logSums);
            (slopes, logSums) = (_gathered.Batch.Own(slopes), _gathered.Batch.Own(logSums));
            if (_wanted.RowsOrKappa)
            {
                remoteGradient = ViewSums.Of([.. _remote.Select(remote => remote.Kernels.Gradient(slopes, logSums, In(allSlopes, remote.Part), In(allSums, remote.Part)))]);
            }
        }
        Tensor? centerGradient = _wanted.Centers ? _further!.CenterGradient(slopes, logSums) : null;
        if (!_wanted.RowsOrKappa)
        {
            return new KernelGradients(null, centerGradient, null);
        }
        Tensor? ownGradient = _attention is not null ? _attention.Gradient(slopes, logSums)
            : _shifted is not null ? _shifted.RowGradient(slopes, logSums) + _shifted.CenterGradient(slopes, logSums)
            : _symmetric?.Gradient(slopes, logSums);
        Tensor gradient = ViewSums.Of([.. ((Tensor?[])[ownGradient, remoteGradient]).OfType<Tensor>()]);
        Tensor? kappaGradient = _wanted.Kappa ? (_rows * gradient).sum() / 2 : null;
        if (_further is not null)
        {
            Tensor part = _further.RowGradient(slopes, logSums);
            kappaGradient = kappaGradient is null ? null : kappaGradient + (_rows * part).sum();
            gradient = gradient + part;
        }
        kappaGradient = kappaGradient is null ? null : kappaGradient / _settings.Concentration.Learnt!.detach();
        if (!_settings.LeaveOneOut && (kappaGradient is not null || !_settings.UnitRows))
        {
            Tensor ownSlopes = slopes * (LogOwn - logSums).exp();
            kappaGradient = kappaGradient is null ? null : kappaGradient + (ownSlopes * _squares).sum();
            gradient = _settings.UnitRows ? gradient : gradient.addcmul(_settings.Concentration.ScaleConstant(ownSlopes).to(_rows.dtype).unsqueeze(1), _rows, 2);
        }
        return new KernelGradients(_wanted.Rows ? gradient : null, centerGradient, kappaGradient);

        static Tensor In(Tensor all, (long Start, long Count) part) => all.narrow(0, part.Start, part.Count);
    }

    private SymmetricKernels Symmetric(bool keepTiles) => new(_rows, _ownExponents, _weights, _settings, keepTiles);

    private AttentionRows ByAttention() => new(_rows, _weights.Rows, _settings);

    private RectangularKernels Shifted() => new(
        _rows, _rows, new KernelCenters(_weights.Rows, _weights.Ids, _weights.Ids, AreRows: true), _settings, _wanted.RowsOrKappa, _wanted.RowsOrKappa);

    private ICenterKernels? Further()
    {
        if (_centers is null)
        {
            return null;
        }
        Attention? attention = _settings.Attention ?? (_wanted.Centers ? null : _settings.CenterAttention);
        return attention is not null
            ? new AttentionCenters(_rows, _centers, _weights.Centers, _settings.Concentration, attention)
            : new RectangularKernels(
                _rows, _centers, new KernelCenters(_weights.Centers, _weights.CenterIds, _weights.Ids, AreRows: false), _settings, _wanted.RowsOrKappa, _wanted.Centers);
    }
}
