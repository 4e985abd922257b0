using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Entropy on classes: the marginal r of a batch's rows against the marginal c of its centres, which are the rows and further distributions.</summary>
/// <remarks>
/// The plug-in estimate is −Σ r·log c over classes, Joe's the mean of −log c. Without further centres c is r. With them it is the cross-entropy and not the
/// entropy of c, because the gradient of that one would shrink by the batch's share of the centres.
/// </remarks>
internal static class MarginalEntropy
{
    private static readonly Scalar s_zero = 0, s_minusInfinity = double.NegativeInfinity; // kept, as a number's conversion may be freed before native code reads it

    /// <param name="rows">The batch, with zeros for inputs in rows that do not count; or those of several views as one.</param>
    /// <param name="weights">How much each row counts; null where each has the weight one.</param>
    /// <param name="centers">Further centres, if any.</param>
    /// <param name="estimator">Plug-in or Joe's.</param>
    /// <param name="each">Whether a value for each row is wanted, as the plug-in has it.</param>
    /// <param name="all">The batch of all ranks; the marginals are sums over them.</param>
    /// <returns>A scalar, or (k); of several views their mean.</returns>
    public static Tensor Of(Categorical rows, RowWeights? weights, CenterMarginal? centers, EntropyEstimator estimator, bool each, GlobalBatch all)
    {
        weights ??= centers is null ? null : RowWeights.Ones(all.Rows, rows.Probabilities.device).Own(all);
        long views = rows.Probabilities.dim() == 2 ? 1 : rows.Probabilities.shape[0];
        (Tensor own, Tensor logMarginal, Tensor? isMasked) = rows.LogProbabilities is { } logs ? OfLogits(logs) : OfProbabilities();
        if (estimator == EntropyEstimator.PlugIn)
        {
            return each ? RowWeights.Reduce(weights, MeanOfViews(-(rows.Probabilities * logMarginal.unsqueeze(-2)).sum(-1)), each) : (own * logMarginal).sum() * (-1.0 / views);
        }
        Tensor value = isMasked is null ? -logMarginal.mean() : MeanOfViews(-logMarginal.sum(-1) / isMasked.bitwise_not().sum(-1).clamp_min(1));
        return weights is null ? value : value * weights.Any.to(value.dtype);

        // r, log c, and which classes do not count: there log c is zero, whatever r is.
        (Tensor, Tensor, Tensor?) OfLogits(Tensor logs)
        {
            (Tensor logMarginal, Tensor isMasked) = Exact(logs, weights, centers, all);
            return (centers is null ? logMarginal.exp() : MeanOfRows(), logMarginal, isMasked);
        }

        (Tensor, Tensor, Tensor?) OfProbabilities()
        {
            Tensor own = MeanOfRows();
            return (own, rows.Log(centers is null ? own : centers.Join(own, weights!.Total)), null);
        }

        Tensor MeanOfRows() => all.IsAlone && weights is null
            ? rows.Probabilities.mean([-2])
            : all.Sum(weights?.MeanOfRows(rows.Probabilities) ?? rows.Probabilities.sum(-2) / all.Rows);

        Tensor MeanOfViews(Tensor values) => views == 1 ? values : values.mean([0]);
    }

    /// <summary>log c, (d) or (v, d), from exact logarithms, and which classes are masked in every row and centre, where it is zero.</summary>
    /// <remarks>A log-sum-exp whose gradient is zero, and not NaN, for a masked class.</remarks>
    private static (Tensor LogMarginal, Tensor IsMasked) Exact(Tensor logs, RowWeights? weights, CenterMarginal? centers, GlobalBatch all)
    {
        Tensor? total = null, fromCenters = null;
        if (weights is not null)
        {
            // In units of the largest weight, so that equal weights add nothing, and nothing is needlessly small.
            Tensor largestWeight = weights.All.Values.amax([0]), unit = largestWeight + largestWeight.eq(0).to(ScalarType.Float64);
            logs = logs + (weights.Values / unit).log().to(logs.dtype).unsqueeze(1);
            total = weights.Total / unit;
            if (centers is not null)
            {
                Tensor centersTotal = centers.Total / unit;
                Tensor logMean = centers.Mean.clamp_min(finfo(centers.Mean.dtype).tiny).log().masked_fill(centers.Mean.eq(0), s_minusInfinity);
                fromCenters = logMean + centersTotal.log().to(logs.dtype);
                total += centersTotal;
            }
        }
        Tensor largest = all.Max(logs.detach().amax([-2]));
        largest = fromCenters is null ? largest : maximum(largest, fromCenters.detach());
        Tensor isMasked = largest.isneginf(), shift = largest.masked_fill(isMasked, s_zero), sums = all.Sum((logs - shift.unsqueeze(-2)).exp().sum(-2));
        sums = fromCenters is null ? sums : sums + (fromCenters - shift).exp();
        // Sums are at least one but for masked classes.
        Tensor logSums = sums.clamp_min(0.5).log() + shift;
        Tensor logMarginal = total is null ? logSums - Math.Log(all.Rows) : logSums - total.clamp_min(finfo(ScalarType.Float64).tiny).log().to(logs.dtype);
        return (logMarginal.masked_fill(isMasked, s_zero), isMasked);
    }
}
