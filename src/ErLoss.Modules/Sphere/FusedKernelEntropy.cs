using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The entropy and its first derivatives in one evaluation over tiles of the pairs: no k×k matrix, no graph of operations.
/// </summary>
/// <remarks>
/// <para>
/// With l_i = log p̂(z_i) − log C_d(κ), a_i = ∂H/∂l_i, s_i = Σ_j v_j·E_ij and c_i = a_i/s_i: ∂H/∂Z = κ·[E ∘ (c_i·v_j + c_j·v_i)]·Z from the batch itself, and
/// κ·Σ_j c_i·v_j·E_ij·y_j from further centres. H depends on κ only through κ·z_i·y_j, so κ·∂H/∂κ = Σ_i z_i·(∂H/∂Z)_i over centres that are no rows of the batch, and half of
/// that over those that are.
/// </para>
/// <para>
/// The own kernels stand apart, see <see cref="KernelEntropy"/>. Of l_i their share is p_i = E_ii/s_i, so they add 2κ·a_i·p_i·z_i to ∂H/∂Z,
/// where the rows are used as given, and Σ_i a_i·p_i·z_i·z_i to ∂H/∂κ.
/// </para>
/// <para>The gradient is computed together with the value, where gradient is wanted; elsewhere only the value is.</para>
/// </remarks>
internal static class FusedKernelEntropy
{
    private static readonly Scalar s_infinite = double.PositiveInfinity; // kept, as a number's conversion may be freed before native code reads it

    /// <summary>Ĥ + log C_d(κ) of a batch under the density that its own rows and further centres make.</summary>
    /// <param name="embeddings">(k, d), float32 or float64.</param>
    /// <param name="centers">Further centres, (m, d) with m ≥ 1, or null.</param>
    /// <param name="weights">What kernels weigh and how much rows count.</param>
    /// <param name="settings">How the entropy is estimated.</param>
    public static KernelEstimates Relative(Tensor embeddings, Tensor? centers, KernelWeights weights, KernelSettings settings)
    {
        using var scope = NewDisposeScope();
        Concentration concentration = settings.Concentration;
        bool forKappa = IsDifferentiated(concentration.Learnt), forCenters = IsDifferentiated(centers), forRows = forKappa || IsDifferentiated(embeddings);
        Tensor rows = embeddings.detach(), squares = rows.square().sum(1, type: ScalarType.Float64), ownExponents = concentration.ScaleConstant(squares);
        var symmetric = new SymmetricKernels(rows, ownExponents, weights, settings, forRows || forCenters);
        RectangularKernels? shifted = null;
        if (!symmetric.TrySum(out Tensor others))
        {
            var how = new KernelCenters(weights.Rows, weights.Ids, weights.Ids, AreRows: true);
            shifted = new RectangularKernels(rows, rows, how, settings, forRows || forCenters, forRows || forCenters);
            others = shifted.LogSums();
        }
        RectangularKernels? further = null;
        if (centers is not null)
        {
            var how = new KernelCenters(weights.Centers, weights.CenterIds, weights.Ids, AreRows: false);
            further = new RectangularKernels(rows, centers.detach(), how, settings, forRows, forCenters);
            others = logaddexp(others, further.LogSums());
        }

        bool keepsOwn = !settings.LeaveOneOut;
        Tensor own = weights.LogOwn is null ? ownExponents : ownExponents + weights.LogOwn;
        Tensor logSums = keepsOwn ? logaddexp(others, own) : others;
        (Tensor entropy, Tensor slopes) = Estimate(logSums - (keepsOwn ? weights.LogAll : weights.LogOthers), weights.Counted, settings);
        entropy = entropy.to(rows.dtype);
        Tensor? plain = settings is { LeaveOneOut: true, WithPlain: true }
            ? Estimate(logaddexp(others, own) - weights.LogAll, weights.CountedInPlain, settings).Entropy.to(rows.dtype)
            : null;
        if (forRows || forCenters)
        {
            logSums = weights.Counted?.Fill(logSums, s_infinite) ?? logSums;
            Tensor gradient = shifted is null ? symmetric.Gradient(slopes, logSums) : shifted.RowGradient(slopes, logSums) + shifted.CenterGradient(slopes, logSums);
            Tensor? kappaGradient = forKappa ? (rows * gradient).sum() / 2 : null;
            if (further is not null && forRows)
            {
                Tensor part = further.RowGradient(slopes, logSums);
                kappaGradient = kappaGradient is null ? null : kappaGradient + (rows * part).sum();
                gradient = gradient + part;
            }
            kappaGradient = kappaGradient is null ? null : kappaGradient / concentration.Learnt!.detach();
            if (keepsOwn)
            {
                Tensor ownSlopes = slopes * (own - logSums).exp();
                kappaGradient = kappaGradient is null ? null : kappaGradient + (ownSlopes * squares).sum();
                gradient = settings.UnitRows ? gradient : gradient.addcmul(concentration.ScaleConstant(ownSlopes).to(rows.dtype).unsqueeze(1), rows, 2);
            }
            entropy = OnceDifferentiable.Attach(
                entropy, (embeddings, gradient), (centers, forCenters ? further!.CenterGradient(slopes, logSums) : null), (concentration.Learnt, kappaGradient));
        }
        return new KernelEstimates(entropy, plain).MoveToOuterDisposeScope();
    }

    private static (Tensor Entropy, Tensor Slopes) Estimate(Tensor logDensities, RowWeights? counted, KernelSettings settings)
    {
        logDensities = counted?.Fill(logDensities) ?? logDensities;
        return settings.EachRow ? (-logDensities, full_like(logDensities, -1)) : EntropyEstimate.ValueAndSlopes(logDensities, counted, settings.Estimator);
    }

    /// <summary>Whether a gradient in a tensor is wanted.</summary>
    public static bool IsDifferentiated(Tensor? tensor) => is_grad_enabled() && tensor is { requires_grad: true };
}
