using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The entropy and its first derivatives in one evaluation over tiles of the pairs: no k×k matrix, no graph of operations.
/// </summary>
/// <remarks>
/// <para>
/// With l_i = log p̂(z_i) − log C_d(κ), a_i = ∂H/∂l_i, s_i = Σ_j E_ij and c_i = a_i/s_i: ∂H/∂Z = κ·[E ∘ (c_i + c_j)]·Z. H depends on κ
/// only through κ·z_i·y_j, so κ·∂H/∂κ = Σ_i z_i·(∂H/∂Z)_i over rows that are not columns as well, and half of that where they are both.
/// </para>
/// <para>
/// The own kernels stand apart, see <see cref="KernelEntropy"/>. Of l_i their share is p_i = E_ii/s_i, so they add 2κ·a_i·p_i·z_i to ∂H/∂Z,
/// where the rows are used as given, and Σ_i a_i·p_i·z_i·z_i to ∂H/∂κ.
/// </para>
/// <para>The gradient is computed together with the value, where gradient is wanted; elsewhere only the value is.</para>
/// </remarks>
internal static class FusedKernelEntropy
{
    /// <summary>Ĥ + log C_d(κ) of a batch under the density its own rows make.</summary>
    /// <param name="embeddings">(k, d), float32 or float64.</param>
    /// <param name="concentration">κ.</param>
    /// <param name="estimator">Plug-in or Joe's.</param>
    /// <param name="leaveOneOut">Whether a row is left out of its own estimate.</param>
    /// <param name="unitRows">
    /// Whether the rows were divided by their norms in the same graph: then no norm is read back from a GPU, and the own kernels' share of the
    /// gradient is left out.
    /// </param>
    /// <param name="precision">What the factors of products are rounded to.</param>
    /// <param name="budget">
    /// Bytes that kernels may take between value and gradient; beyond it they are evaluated twice. By default what suits the size.
    /// </param>
    /// <param name="withPlain">Whether the plain estimate is wanted as well where rows are left out.</param>
    public static KernelEstimates Relative(
        Tensor embeddings,
        Concentration concentration,
        EntropyEstimator estimator,
        bool leaveOneOut,
        bool unitRows = false,
        ProductPrecision precision = ProductPrecision.Full,
        long? budget = null,
        bool withPlain = false)
    {
        using var scope = NewDisposeScope();
        bool differentiateKappa = IsDifferentiated(concentration.Learnt);
        bool differentiate = differentiateKappa || IsDifferentiated(embeddings);
        Tensor rows = embeddings.detach(), squares = Products(rows, rows), ownExponents = concentration.ScaleConstant(squares);
        var kernels = new SymmetricKernels(rows, concentration, ownExponents, unitRows, leaveOneOut, precision, differentiate, budget);
        if (!kernels.TrySum(out Tensor logSums))
        {
            return Relative(embeddings, embeddings, concentration, estimator, own: 0, leaveOneOut, unitRows, withPlain).MoveToOuterDisposeScope();
        }

        (Tensor entropy, Tensor slopes) = Estimate(logSums, rows.shape[0] - (leaveOneOut ? 1 : 0), estimator);
        entropy = entropy.to(rows.dtype);
        Tensor? plain = leaveOneOut && withPlain ? PlainEstimate(logSums, ownExponents, rows, estimator) : null;
        if (differentiate)
        {
            Tensor gradient = kernels.Gradient(slopes, logSums);
            Tensor? kappaGradient = differentiateKappa ? (rows * gradient).sum() / (2 * concentration.Learnt!.detach()) : null;
            if (!leaveOneOut)
            {
                Tensor ownSlopes = slopes * (ownExponents - logSums).exp();
                kappaGradient = kappaGradient is null ? null : kappaGradient + (ownSlopes * squares).sum();
                gradient = unitRows ? gradient : gradient.addcmul_(Factors(ownSlopes, concentration, rows), rows, 2);
            }
            entropy = OnceDifferentiable.Attach(entropy, (embeddings, gradient), (concentration.Learnt, kappaGradient));
        }
        return new KernelEstimates(entropy, plain).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Ĥ + log C_d(κ) of rows under the density that columns make: −Σ_i w_i·l_i with l_i = logsumexp_j(κ·z_i·y_j) − log(number of
    /// kernels).
    /// </summary>
    /// <param name="embeddings">z, (n, d), float32 or float64.</param>
    /// <param name="columns">y, (m, d), alike; may carry gradient, and may be the rows themselves.</param>
    /// <param name="concentration">κ.</param>
    /// <param name="estimator">Plug-in or Joe's.</param>
    /// <param name="own">Where row 0 stands among the columns (row i at own + i), if it does.</param>
    /// <param name="leaveOneOut">Whether rows that stand among the columns are left out of their own estimates.</param>
    /// <param name="unitRows">Whether rows and columns were divided by their norms in the same graph, as above.</param>
    /// <param name="withPlain">Whether the plain estimate is wanted as well where rows are left out.</param>
    public static KernelEstimates Relative(
        Tensor embeddings,
        Tensor columns,
        Concentration concentration,
        EntropyEstimator estimator,
        int? own = null,
        bool leaveOneOut = false,
        bool unitRows = false,
        bool withPlain = false)
    {
        using var scope = NewDisposeScope();
        bool differentiateKappa = IsDifferentiated(concentration.Learnt), differentiateColumns = IsDifferentiated(columns);
        bool differentiate = differentiateKappa || differentiateColumns || IsDifferentiated(embeddings);
        Tensor rows = embeddings.detach();
        var kernels = new RectangularKernels(rows, columns.detach(), concentration, own, unitRows);
        kernels.Sum(out Tensor largest, out Tensor logSums);
        bool keepsOwn = own is not null && !leaveOneOut;
        Tensor? ownColumns = own is int at && (keepsOwn || withPlain) ? columns.detach()[at..(at + (int)rows.shape[0])] : null;
        Tensor? squares = ownColumns is null ? null : Products(rows, ownColumns);
        Tensor? ownExponents = squares is null ? null : concentration.ScaleConstant(squares);
        Tensor? plain = ownExponents is null || keepsOwn ? null : PlainEstimate(logSums, ownExponents, columns, estimator);
        logSums = keepsOwn ? logaddexp(logSums, ownExponents!) : logSums;

        (Tensor entropy, Tensor slopes) = Estimate(logSums, columns.shape[0] - (own is not null && leaveOneOut ? 1 : 0), estimator);
        entropy = entropy.to(rows.dtype);
        if (differentiate)
        {
            (Tensor rowGradient, Tensor? columnGradient) = kernels.Gradient(largest, slopes, logSums, differentiateColumns);
            Tensor? kappaGradient = differentiateKappa ? (rows * rowGradient).sum() / concentration.Learnt!.detach() : null;
            if (keepsOwn)
            {
                Tensor ownSlopes = slopes * (ownExponents! - logSums).exp();
                kappaGradient = kappaGradient is null ? null : kappaGradient + (ownSlopes * squares!).sum();
                if (!unitRows)
                {
                    Tensor factors = Factors(ownSlopes, concentration, rows);
                    rowGradient.addcmul_(factors, ownColumns!, 1);
                    columnGradient?[own!.Value..(own.Value + (int)rows.shape[0])].addcmul_(factors, rows, 1);
                }
            }
            entropy = OnceDifferentiable.Attach(
                entropy, (embeddings, rowGradient), (columns, columnGradient), (concentration.Learnt, kappaGradient));
        }
        return new KernelEstimates(entropy, plain).MoveToOuterDisposeScope();
    }

    /// <summary>z_i·y_i in float64, (n).</summary>
    private static Tensor Products(Tensor rows, Tensor columns) => (rows * columns).sum(1, type: ScalarType.Float64);

    /// <summary>κ times the own kernels' slopes, as factors of rows: (n, 1).</summary>
    private static Tensor Factors(Tensor ownSlopes, Concentration concentration, Tensor rows) =>
        concentration.ScaleConstant(ownSlopes).to(rows.dtype).unsqueeze(1);

    /// <summary>
    /// H = −Σ_i w_i·l_i and a_i = ∂H/∂l_i, both in float64: Joe's w_i = 1/n; plug-in w = softmax(l), a_i = −w_i·(1 + l_i + H).
    /// </summary>
    private static (Tensor Entropy, Tensor Slopes) Estimate(Tensor logSums, long kernels, EntropyEstimator estimator)
    {
        Tensor logDensity = logSums - Math.Log(kernels);
        if (estimator == EntropyEstimator.Joe)
        {
            return (-logDensity.mean(), full_like(logDensity, -1.0 / logDensity.shape[0]));
        }
        Tensor weights = nn.functional.softmax(logDensity, 0);
        Tensor entropy = -(weights * logDensity).sum();
        return (entropy, -weights * (1 + logDensity + entropy));
    }

    /// <summary>The value of H where each row's own kernel, which <paramref name="logSums"/> lack, is added to its sum: no further pass over pairs.</summary>
    private static Tensor PlainEstimate(Tensor logSums, Tensor ownExponents, Tensor columns, EntropyEstimator estimator) =>
        Estimate(logaddexp(logSums, ownExponents), columns.shape[0], estimator).Entropy.to(columns.dtype);

    private static bool IsDifferentiated(Tensor? tensor) => is_grad_enabled() && tensor is { requires_grad: true };
}
