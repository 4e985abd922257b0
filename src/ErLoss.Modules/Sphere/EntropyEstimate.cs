using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Entropies of a batch from the log-densities l_i at its rows, which count by weights w_i that sum to one.</summary>
internal static class EntropyEstimate
{
    private static readonly Scalar s_zero = 0; // kept, as a number's conversion may be freed before native code reads it

    /// <summary>Joe's −Σ_i w_i·l_i; plug-in −Σ_i q_i·l_i with q = softmax(l + log w).</summary>
    /// <param name="logDensities">l, (k), finite; zero for rows that do not count.</param>
    /// <param name="counted">How much the rows count; null where all count once.</param>
    /// <param name="estimator">Plug-in or Joe's.</param>
    public static Tensor Value(Tensor logDensities, RowWeights? counted, EntropyEstimator estimator) => estimator switch
    {
        EntropyEstimator.Joe => -RowWeights.Reduce(counted, logDensities, each: false),
        _ => -(PlugInWeights(logDensities, counted) * logDensities).sum(),
    };

    /// <summary>That value and its derivatives in l, a_i: Joe's −w_i, plug-in −q_i·(1 + l_i + H).</summary>
    public static (Tensor Entropy, Tensor Slopes) ValueAndSlopes(Tensor logDensities, RowWeights? counted, EntropyEstimator estimator)
    {
        if (estimator == EntropyEstimator.Joe)
        {
            return (Value(logDensities, counted, estimator), counted is null ? full_like(logDensities, -1.0 / logDensities.shape[0]) : -counted.Shares);
        }
        Tensor weights = PlugInWeights(logDensities, counted);
        Tensor entropy = -(weights * logDensities).sum();
        return (entropy, -weights * (1 + logDensities + entropy));
    }

    private static Tensor PlugInWeights(Tensor logDensities, RowWeights? counted)
    {
        if (counted is null)
        {
            return nn.functional.softmax(logDensities, 0);
        }
        // Where no row counts, a softmax of nothing but −∞ would be NaN.
        Tensor logShares = counted.Shares.log().masked_fill(counted.Any.eq(0), s_zero).to(logDensities.dtype);
        return nn.functional.softmax(logDensities + logShares, 0) * counted.Any.to(logDensities.dtype);
    }
}
