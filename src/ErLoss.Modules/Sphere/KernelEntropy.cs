using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Entropy on the sphere from a kernel density estimate with von Mises–Fisher kernels.</summary>
internal static class KernelEntropy
{
    // Rows from which on Evaluation.Auto means the fused form: measured on two cores, it is even at 256 and ahead from 512 on.
    private const long FusedFrom = 512;

    /// <summary>
    /// The entropy without its constant: Ĥ + log C_d(κ). Both estimators weigh the log-densities by weights that sum to one, so the
    /// normaliser leaves them as it is; kept apart, it cannot drown the rest in rounding.
    /// </summary>
    /// <param name="embeddings">(k, d), float32 or float64.</param>
    /// <param name="concentration">κ.</param>
    /// <param name="estimator">Plug-in or Joe's.</param>
    /// <param name="leaveOneOut">Whether j = i is left out of row i's estimate.</param>
    /// <param name="evaluation">How the pairwise terms are computed.</param>
    /// <param name="unitRows">Whether the rows are known to be of unit norm.</param>
    public static Tensor Relative(
        Tensor embeddings, Concentration concentration, EntropyEstimator estimator, bool leaveOneOut, Evaluation evaluation, bool unitRows)
    {
        if (evaluation == Evaluation.Fused || (evaluation == Evaluation.Auto && embeddings.shape[0] >= FusedFrom))
        {
            return FusedKernelEntropy.Relative(embeddings, concentration, estimator, leaveOneOut, unitRows);
        }
        Tensor logDensity = RelativeLogDensity(embeddings, concentration, leaveOneOut);
        return estimator == EntropyEstimator.Joe
            ? -logDensity.mean()
            : -(nn.functional.softmax(logDensity, 0) * logDensity).sum();
    }

    /// <summary>log p̂(z_i) − log C_d(κ) = logsumexp_j(κ·z_i·z_j) − log(number of kernels), for each row: (k).</summary>
    private static Tensor RelativeLogDensity(Tensor embeddings, Concentration concentration, bool leaveOneOut)
    {
        Tensor exponent = concentration.Scale(embeddings.mm(embeddings.t()));
        long kernels = embeddings.shape[0];
        if (leaveOneOut)
        {
            exponent.diagonal().fill_(double.NegativeInfinity);
            kernels--;
        }
        return logsumexp(exponent, 1) - Math.Log(kernels);
    }
}
