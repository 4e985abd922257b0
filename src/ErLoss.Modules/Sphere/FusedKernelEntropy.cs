using ErLoss.Modules.Distributed;
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
    /// <param name="weights">What kernels weigh and how much rows count; of the rows of all ranks where there are several.</param>
    /// <param name="settings">How the entropy is estimated.</param>
    /// <param name="batch">The batch of all ranks, of which the embeddings are this rank's part; null where there is one process.</param>
    public static KernelEstimates Relative(Tensor embeddings, Tensor? centers, KernelWeights weights, KernelSettings settings, GlobalBatch? batch = null)
    {
        using var scope = NewDisposeScope();
        var wanted = WantedGradients.Of(embeddings, centers, settings.Concentration);
        Tensor rows = embeddings.detach();
        GatheredRows? gathered = batch is null ? null : new GatheredRows(batch, batch.Gather(rows), weights);
        var kernels = new FusedKernels(rows, gathered, centers?.detach(), batch is null ? weights : weights.Own(batch), settings, settings.EachRow ? default : wanted);
        Tensor others = kernels.LogSumsOfOthers(), logSums = settings.LeaveOneOut ? others : logaddexp(others, kernels.LogOwn);
        Tensor? sumsOfPlain = settings is { LeaveOneOut: true, WithPlain: true } ? logaddexp(others, kernels.LogOwn) : null;
        if (batch is not null)
        {
            // With these sums every rank knows the entropy and its derivatives in all of them.
            Tensor all = batch.Gather(sumsOfPlain is null ? logSums.unsqueeze(1) : stack([logSums, sumsOfPlain], 1));
            (logSums, sumsOfPlain) = (all[.., 0], sumsOfPlain is null ? null : all[.., 1]);
        }
        (Tensor entropy, Tensor? slopes) = Estimate((settings.LeaveOneOut ? weights.LogOthers : weights.LogAll).SubtractFrom(logSums), weights.Counted, settings);
        Tensor? plain = sumsOfPlain is null ? null : Estimate(weights.LogAll.SubtractFrom(sumsOfPlain), weights.CountedInPlain, settings).Entropy.to(rows.dtype);
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
