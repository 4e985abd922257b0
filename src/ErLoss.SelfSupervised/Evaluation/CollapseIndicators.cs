using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>How far projections of different images are from collapse.</summary>
/// <param name="EffectiveRank">
/// exp of the entropy of the embeddings' normalised singular values (Roy and Vetterli, "The effective rank", EUSIPCO 2007; Garrido et al., "RankMe",
/// ICML 2023): from 1, all embeddings on one line (or nothing but zeros), to the lesser of their number and dimension.
/// </param>
/// <param name="MeanCosine">Mean cosine between embeddings of different images: 1 where all are the same, about 0 where they are spread out.</param>
/// <param name="Perplexity">
/// exp of the entropy of the mean distribution over classes, of a discrete head: from 1, one class in use, to the number of classes. Null of others.
/// </param>
public sealed record CollapseIndicators(double EffectiveRank, double MeanCosine, double? Perplexity)
{
    /// <summary>Measures them on outputs.</summary>
    /// <param name="embeddings">(n, d), rows of unit norm.</param>
    /// <param name="probabilities">(n, c), the distributions of a discrete head; null of other heads.</param>
    public static CollapseIndicators Measure(Tensor embeddings, Tensor? probabilities)
    {
        using var scope = NewDisposeScope();
        Tensor rows = embeddings.to(ScalarType.Float64);
        double count = rows.shape[0];
        Tensor singular = linalg.svdvals(rows);
        double cosines = (rows.sum([0]).square().sum().ToDouble() - rows.square().sum().ToDouble()) / (count * (count - 1));
        return new CollapseIndicators(
            Perplexed(singular / singular.sum().clamp_min(double.Epsilon)),
            count > 1 ? cosines : 1,
            probabilities is null ? null : Perplexed(probabilities.to(ScalarType.Float64).mean([0])));
    }

    /// <summary>exp(−Σ p·log p).</summary>
    private static double Perplexed(Tensor distribution) => Math.Exp(-xlogy(distribution, distribution).sum().ToDouble());
}
