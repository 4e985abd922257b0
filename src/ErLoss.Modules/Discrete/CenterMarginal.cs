using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The mean distribution of further centres on classes.</summary>
/// <param name="Mean">The weighted mean of their probabilities, (d), in float32 at least.</param>
/// <param name="Total">The sum of their weights, a scalar in float64.</param>
internal sealed record CenterMarginal(Tensor Mean, Tensor Total)
{
    /// <summary>That of centres; null where there are none.</summary>
    /// <param name="centers">The same on every rank.</param>
    /// <param name="all">The batch of all ranks. Each rank has its share of the gradient in the centres.</param>
    public static CenterMarginal? Of(Centers centers, GlobalBatch all)
    {
        if (centers.Rows.shape[0] == 0)
        {
            return null;
        }
        RowWeights weights = RowWeights.Of(centers.Weights, null) ?? RowWeights.Ones(centers.Rows.shape[0], centers.Rows.device);
        return new CenterMarginal(all.ShareOf(weights.MeanOfRows(FloatConversion.AtLeastSingle(weights.Fill(centers.Rows)))), weights.Total);
    }

    /// <summary>The mean distribution of these centres and of rows, each counted by its weight.</summary>
    /// <param name="rows">The mean distribution of the rows, (d).</param>
    /// <param name="total">The sum of their weights, a scalar in float64.</param>
    public Tensor Join(Tensor rows, Tensor total)
    {
        Tensor all = (Total + total).clamp_min(finfo(ScalarType.Float64).tiny);
        return rows * (total / all).to(rows.dtype) + Mean * (Total / all).to(rows.dtype);
    }
}
