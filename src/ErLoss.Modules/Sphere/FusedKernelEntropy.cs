using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The entropy and its first derivatives over tiles of the pairs: no k×k matrix, no graph of operations.
/// </summary>
/// <remarks>
/// The gradient of the scalar is computed together with the value, where gradient is wanted. Values of rows have as many gradients as there are rows: which combination of them is
/// wanted is known in the backward pass, see <see cref="RowValues"/>.
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
        var wanted = WantedGradients.Of(embeddings, centers, settings.Concentration);
        Tensor rows = embeddings.detach();
        var kernels = new FusedKernels(rows, centers?.detach(), weights, settings, settings.EachRow ? default : wanted);
        Tensor others = kernels.LogSumsOfOthers(), logSums = settings.LeaveOneOut ? others : logaddexp(others, kernels.LogOwn);
        (Tensor entropy, Tensor? slopes) = Estimate((settings.LeaveOneOut ? weights.LogOthers : weights.LogAll).SubtractFrom(logSums), weights.Counted, settings);
        Tensor? plain = settings is { LeaveOneOut: true, WithPlain: true }
            ? Estimate(weights.LogAll.SubtractFrom(logaddexp(others, kernels.LogOwn)), weights.CountedInPlain, settings).Entropy.to(rows.dtype)
            : null;
        if (!wanted.Any)
        {
            entropy = entropy.to(rows.dtype);
        }
        else
        {
            logSums = weights.Counted?.Fill(logSums, s_infinite) ?? logSums;
            if (slopes is null)
            {
                entropy = entropy.to(rows.dtype) + RowValues.Zeros(embeddings, centers, logSums, weights, settings, wanted, kernels.ShiftsEachRow);
            }
            else
            {
                KernelGradients gradients = kernels.Gradients(slopes, logSums);
                entropy = OnceDifferentiable.Attach(
                    entropy, rows.dtype, (embeddings, gradients.Rows), (centers, gradients.Centers), (settings.Concentration.Learnt, gradients.Kappa));
            }
        }
        return new KernelEstimates(entropy, plain).MoveToOuterDisposeScope();
    }

    /// <summary>The estimate, and its derivatives in the log-densities if it is a scalar.</summary>
    private static (Tensor Entropy, Tensor? Slopes) Estimate(Tensor logDensities, RowWeights? counted, KernelSettings settings)
    {
        logDensities = counted?.Fill(logDensities) ?? logDensities;
        return settings.EachRow ? (-logDensities, null) : EntropyEstimate.ValueAndSlopes(logDensities, counted, settings.Estimator);
    }
}
