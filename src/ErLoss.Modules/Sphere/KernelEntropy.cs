using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Entropy on the sphere from a kernel density estimate with von Mises–Fisher kernels.</summary>
/// <remarks>
/// <para>
/// A row's own kernel, exp(κ·z_i·z_i), stands apart from the products of rows in every evaluation. Of spread rows it is larger than all
/// others together (0.94 of the sum at κ = 10, k = 1,024, d = 128), and its rounding would drown their share of the gradient, which is what
/// moves the rows. It is therefore added to the log-sum by itself, in full precision.
/// </para>
/// <para>
/// Where the loss has normalised the rows, the own kernel's share of the gradient is left out: κ·z_i·z_i is then κ whatever the projections
/// are, a constant of theirs, so that all its derivatives in them, of any order, are zero. (Formally its gradient is along z_i, and the
/// backward pass of the normalisation takes it away again, along with the digits that the addition cost. A row of zeros stays the zero vector, and gets no
/// gradient at all.) Of rows that are used as given the share is added. In the value and in
/// κ's gradient the own kernel always counts.
/// </para>
/// </remarks>
internal static class KernelEntropy
{
    // Rows from which on KernelEvaluation.Auto means the fused form: measured on two cores, it is even at 256 and ahead from 512 on.
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
    /// <param name="unitRows">Whether the rows were divided by their norms in the same graph; see the class.</param>
    /// <param name="precision">What the fused form rounds the factors of its products to.</param>
    /// <param name="withPlain">Whether the plain estimate is wanted as well where rows are left out.</param>
    public static KernelEstimates Relative(
        Tensor embeddings,
        Concentration concentration,
        EntropyEstimator estimator,
        bool leaveOneOut,
        KernelEvaluation evaluation,
        bool unitRows,
        ProductPrecision precision,
        bool withPlain)
    {
        if (evaluation == KernelEvaluation.Fused || (evaluation == KernelEvaluation.Auto && embeddings.shape[0] >= FusedFrom))
        {
            return FusedKernelEntropy.Relative(embeddings, concentration, estimator, leaveOneOut, unitRows, precision, withPlain: withPlain);
        }
        long k = embeddings.shape[0];
        if (leaveOneOut)
        {
            Tensor others = LogSumOfOthers(embeddings, concentration);
            Tensor? plain = withPlain
                ? Estimate(logaddexp(others, concentration.Scale(SquaredNorms(embeddings))).detach() - Math.Log(k), estimator)
                : null;
            return new KernelEstimates(Estimate(others - Math.Log(k - 1), estimator), plain);
        }
        // One row has nothing but its own kernel; it stays in the graph, so that the entropy has a gradient, which the normalisation makes zero.
        Tensor own = concentration.Scale(SquaredNorms(unitRows && k > 1 ? embeddings.detach() : embeddings));
        // log(e^own + e^others), in a form whose derivatives of any order are finite however far the two are apart.
        Tensor logSums = k == 1 ? own : own - nn.functional.logsigmoid(own - LogSumOfOthers(embeddings, concentration));
        return new KernelEstimates(Estimate(logSums - Math.Log(k), estimator), null);
    }

    /// <summary>H of the log-densities log p̂(z_i) − log C_d(κ), (k).</summary>
    private static Tensor Estimate(Tensor logDensity, EntropyEstimator estimator) => estimator == EntropyEstimator.Joe
        ? -logDensity.mean()
        : -(nn.functional.softmax(logDensity, 0) * logDensity).sum();

    /// <summary>logsumexp_j(κ·z_i·z_j) over all j but i, for each row: (k).</summary>
    private static Tensor LogSumOfOthers(Tensor embeddings, Concentration concentration)
    {
        Tensor exponents = concentration.Scale(embeddings).mm(embeddings.t());
        // Outside the graph: an exponent of −∞ has no share in any derivative of the log-sum, so nothing flows back to the diagonal.
        exponents.detach().diagonal().fill_(double.NegativeInfinity);
        return logsumexp(exponents, 1);
    }

    /// <summary>z_i·z_i, (k).</summary>
    private static Tensor SquaredNorms(Tensor embeddings) => embeddings.square().sum(1);
}
