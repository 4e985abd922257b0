using ErLoss.Modules.Distributed;
using TorchSharp;
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
    // Kept, as a number's conversion may be freed before native code reads it.
    private static readonly Scalar s_zero = 0, s_none = double.NegativeInfinity;

    /// <summary>
    /// The entropy without its constant: Ĥ + log C_d(κ). Both estimators weigh the log-densities by weights that sum to one, so the
    /// normaliser leaves them as it is; kept apart, it cannot drown the rest in rounding.
    /// </summary>
    /// <param name="embeddings">(k, d), float32 or float64.</param>
    /// <param name="centers">Further centres, (m, d) with m ≥ 1, or null.</param>
    /// <param name="weights">What kernels weigh and how much rows count; of the rows of all ranks where there are several.</param>
    /// <param name="settings">How the entropy is estimated.</param>
    /// <param name="batch">The batch of all ranks, of which the embeddings are this rank's part; null where there is one process.</param>
    public static KernelEstimates Relative(Tensor embeddings, Tensor? centers, KernelWeights weights, KernelSettings settings, GlobalBatch? batch = null)
    {
        if (batch is { IsAlone: false })
        {
            return FusedKernelEntropy.Relative(embeddings, centers, weights, EvaluationChoice.OfRanks(embeddings, batch.Rows + (centers?.shape[0] ?? 0), settings), batch);
        }
        settings = EvaluationChoice.Resolve(
            embeddings.device, embeddings.dtype, embeddings.shape[0], centers?.shape[0] ?? 0, embeddings.shape[1], weights.Ids is not null, isOneCall: false, settings);
        if (settings.Evaluation != KernelEvaluation.Composed)
        {
            return FusedKernelEntropy.Relative(embeddings, centers, weights, settings);
        }
        // Where the own kernel is a constant, it stays out of the graph; see the class.
        bool isAlone = embeddings.shape[0] == 1 && centers is null;
        Tensor own = settings.Concentration.Scale(SquaredNorms(settings.UnitRows && !isAlone ? embeddings.detach() : embeddings));
        own = weights.LogOwn is null ? own : own + weights.LogOwn.to(own.dtype);
        // One row has nothing but its own kernel; it stays in the graph, so that the entropy has a gradient, which the normalisation makes zero.
        Tensor? others = isAlone ? null : ExponentsOfOthers(embeddings, centers, weights, settings.Concentration);
        if (others is not null && settings.UnitRows && settings.Concentration.Value <= LargestSummable(embeddings.dtype, weights, settings))
        {
            return OfSums(others.exp_().sum(1));
        }
        others = others is null ? null : logsumexp(others, 1);
        if (!settings.LeaveOneOut)
        {
            return new KernelEstimates(Estimate(WithOwn(others, own, weights), weights.LogAll, weights.Counted), null);
        }
        Tensor? plain = settings.WithPlain ? Estimate(WithOwn(others!.detach(), own.detach(), weights), weights.LogAll, weights.CountedInPlain) : null;
        return new KernelEstimates(Estimate(others!, weights.LogOthers, weights.Counted), plain);

        // Exponents that are bounded need no shift, and what is added up needs no logarithm before.
        KernelEstimates OfSums(Tensor sums)
        {
            if (!settings.LeaveOneOut)
            {
                return new KernelEstimates(Estimate(WithOwnAdded(sums), weights.LogAll, weights.Counted), null);
            }
            Tensor? plain = settings.WithPlain ? Estimate(WithOwnAdded(sums.detach()), weights.LogAll, weights.CountedInPlain) : null;
            return new KernelEstimates(Estimate(sums.log(), weights.LogOthers, weights.Counted), plain);
        }

        Tensor WithOwnAdded(Tensor sums)
        {
            Tensor all = (sums + own.exp()).log();
            return weights.AreAlone is { } areAlone ? where(areAlone, own, all) : all;
        }

        Tensor Estimate(Tensor logSums, LogTotal logKernels, RowWeights? counted)
        {
            Tensor logDensities = logKernels.SubtractFrom(logSums);
            logDensities = counted?.Fill(logDensities) ?? logDensities;
            return settings.EachRow ? -logDensities : EntropyEstimate.Value(logDensities, counted, settings.Estimator);
        }
    }

    /// <summary>
    /// Up to which κ kernels are summed without a shift. The largest weight is one. Kernels of lighter rows need room below them, or their gradients would have few digits; and without its own kernel a row may be left
    /// with nothing but light ones.
    /// </summary>
    private static double LargestSummable(ScalarType dtype, KernelWeights weights, KernelSettings settings) => weights.Rows is null
        ? ExponentRange.Largest(dtype)
        : settings.LeaveOneOut && weights.MaySpan ? 0 : ExponentRange.Largest(dtype) * 2 / 3;

    /// <summary>log(e^own + e^others), in a form whose derivatives of any order are finite however far the two are apart.</summary>
    private static Tensor WithOwn(Tensor? others, Tensor own, KernelWeights weights)
    {
        if (others is null)
        {
            return own;
        }
        Tensor all = own - nn.functional.logsigmoid(own - others);
        return weights.AreAlone is { } areAlone ? where(areAlone, own, all) : all;
    }

    /// <summary>
    /// κ·z_i·y_j + log v_j for each row (k) and each centre; −∞ where the centre is the row itself or has its id. Zeros of a row that has no other centre.
    /// </summary>
    private static Tensor ExponentsOfOthers(Tensor embeddings, Tensor? centers, KernelWeights weights, Concentration concentration)
    {
        int k = (int)embeddings.shape[0];
        Tensor scaled = concentration.Scale(embeddings), exponents = scaled.mm(embeddings.t());
        exponents = centers is null ? exponents : cat([exponents, scaled.mm(centers.t())], 1);
        // Outside the graph: an exponent of −∞ has no share in any derivative of the log-sum, so nothing flows back to its place.
        Tensor values = exponents.detach();
        Tensor ofRows = centers is null ? values : values[.., ..k];
        ofRows.diagonal().fill_(s_none);
        if (weights.Rows is { } rowWeights)
        {
            values.add_(cat(centers is null ? [rowWeights] : [rowWeights, weights.Centers!]).log().to(values.dtype));
        }
        if (weights.Ids is { } ids)
        {
            ofRows.masked_fill_(ids.unsqueeze(1).eq(ids), s_none);
            if (weights.CenterIds is { } centerIds)
            {
                values[.., k..].masked_fill_(ids.unsqueeze(1).eq(centerIds), s_none);
            }
        }
        // A row of nothing but −∞ would have a gradient of NaN.
        return weights.AreAlone is { } areAlone ? exponents.masked_fill(areAlone.unsqueeze(1), s_zero) : exponents;
    }

    /// <summary>z_i·z_i, (k).</summary>
    private static Tensor SquaredNorms(Tensor embeddings) => embeddings.square().sum(1);
}
