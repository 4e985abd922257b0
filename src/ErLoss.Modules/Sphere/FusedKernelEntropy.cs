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
/// <para>The gradient is computed together with the value, where gradient is wanted; elsewhere only the value is.</para>
/// </remarks>
internal static class FusedKernelEntropy
{
    /// <summary>Ĥ + log C_d(κ) of a batch under the density its own rows make.</summary>
    /// <param name="embeddings">(k, d), float32 or float64.</param>
    /// <param name="concentration">κ.</param>
    /// <param name="estimator">Plug-in or Joe's.</param>
    /// <param name="leaveOneOut">Whether a row is left out of its own estimate.</param>
    /// <param name="unitRows">Whether the rows are known to be of unit norm: then no norm need be read back from a GPU.</param>
    /// <param name="budget">
    /// Bytes that kernels may take between value and gradient; beyond it they are evaluated twice. By default what suits the size.
    /// </param>
    public static Tensor Relative(
        Tensor embeddings,
        Concentration concentration,
        EntropyEstimator estimator,
        bool leaveOneOut,
        bool unitRows = false,
        long? budget = null)
    {
        using var scope = NewDisposeScope();
        bool differentiateKappa = IsDifferentiated(concentration.Learnt);
        bool differentiate = differentiateKappa || IsDifferentiated(embeddings);
        Tensor rows = embeddings.detach();
        var kernels = new SymmetricKernels(rows, concentration.Value, unitRows, leaveOneOut, differentiate, budget);
        if (!kernels.TrySum(out Tensor sums, out Tensor logSums))
        {
            return Relative(embeddings, embeddings, concentration, estimator, leaveOneOut ? 0 : null).MoveToOuterDisposeScope();
        }

        (Tensor entropy, Tensor slopes) = Estimate(logSums, rows.shape[0] - (leaveOneOut ? 1 : 0), estimator);
        entropy = entropy.to(rows.dtype);
        if (differentiate)
        {
            Tensor gradient = kernels.Gradient(slopes / sums);
            Tensor? kappaGradient = differentiateKappa ? (rows * gradient).sum() / (2 * concentration.Value) : null;
            entropy = OnceDifferentiable.Attach(entropy, (embeddings, gradient), (concentration.Learnt, kappaGradient));
        }
        return entropy.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Ĥ + log C_d(κ) of rows under the density that columns make: −Σ_i w_i·l_i with l_i = logsumexp_j(κ·z_i·y_j) − log(number of
    /// kernels).
    /// </summary>
    /// <param name="embeddings">z, (n, d), float32 or float64.</param>
    /// <param name="columns">y, (m, d), alike; may carry gradient, and may be the rows themselves.</param>
    /// <param name="concentration">κ.</param>
    /// <param name="estimator">Plug-in or Joe's.</param>
    /// <param name="own">
    /// Where row 0 stands among the columns (row i at own + i), if rows are to be left out of their own estimates.
    /// </param>
    public static Tensor Relative(Tensor embeddings, Tensor columns, Concentration concentration, EntropyEstimator estimator, int? own)
    {
        using var scope = NewDisposeScope();
        bool differentiateKappa = IsDifferentiated(concentration.Learnt), differentiateColumns = IsDifferentiated(columns);
        bool differentiate = differentiateKappa || differentiateColumns || IsDifferentiated(embeddings);
        Tensor rows = embeddings.detach();
        var kernels = new RectangularKernels(rows, columns.detach(), concentration.Value, own);
        kernels.Sum(out Tensor largest, out Tensor sums, out Tensor logSums);

        (Tensor entropy, Tensor slopes) = Estimate(logSums, columns.shape[0] - (own is null ? 0 : 1), estimator);
        entropy = entropy.to(rows.dtype);
        if (differentiate)
        {
            (Tensor rowGradient, Tensor? columnGradient) = kernels.Gradient(largest, slopes.unsqueeze(1) / sums, differentiateColumns);
            Tensor? kappaGradient = differentiateKappa ? (rows * rowGradient).sum() / concentration.Value : null;
            entropy = OnceDifferentiable.Attach(
                entropy, (embeddings, rowGradient), (columns, columnGradient), (concentration.Learnt, kappaGradient));
        }
        return entropy.MoveToOuterDisposeScope();
    }

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
        Tensor entropy = -weights.dot(logDensity);
        return (entropy, -weights * (1 + logDensity + entropy));
    }

    private static bool IsDifferentiated(Tensor? tensor) => is_grad_enabled() && tensor is { requires_grad: true };
}
