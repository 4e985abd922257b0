using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>How far projections of different images are from collapse.</summary>
/// <param name="EffectiveRank">
/// exp of the entropy of the embeddings' normalised singular values (Roy and Vetterli, "The effective rank", EUSIPCO 2007; Garrido et al., "RankMe",
/// ICML 2023): from 1, if all embeddings lie on one line (or are zero), to the smaller one of their number and their dimension.
/// </param>
/// <param name="MeanCosine">Mean cosine between embeddings of different images: 1 where all are the same, about 0 where they are spread out.</param>
/// <param name="Perplexity">
/// For a discrete head, exp of the entropy of the mean distribution over classes: from 1, if one class is in use, to the number of classes. Null for other heads.
/// </param>
public sealed record CollapseIndicators(double EffectiveRank, double MeanCosine, double? Perplexity)
{
    /// <summary>How far the sums of rows of probabilities in half precision may be from one.</summary>
    private const double SumTolerance = 0.05;

    /// <summary>Measures them on outputs for different images, without gradient. This waits for a GPU, so it is for the end of an epoch and not for every step.</summary>
    /// <param name="embeddings">(n, d), floating-point and finite. Their lengths count in the effective rank and not in the cosines; pass unit rows where the loss normalises.</param>
    /// <param name="probabilities">(m, c), the distributions of a discrete head, after the softmax; null of other heads.</param>
    /// <exception cref="ArgumentException">
    /// The embeddings are no floating-point matrix, are empty or are not finite, or the probabilities are negative or do not add up to one in each row.
    /// </exception>
    public static CollapseIndicators Measure(Tensor embeddings, Tensor? probabilities = null)
    {
        Arguments.CheckRows(embeddings);
        Arguments.CheckFinite(embeddings);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor rows = embeddings.to(ScalarType.Float64);
        Tensor? distributions = probabilities is null ? null : Distributions(probabilities);
        Tensor singular = linalg.svdvals(UnitRows.Scale(rows, rows.abs().max())), directions = UnitRows.Create(rows);
        double count = rows.shape[0];
        double cosines = (directions.sum([0]).square().sum().ToDouble() - directions.square().sum().ToDouble()) / (count * (count - 1));
        return new CollapseIndicators(
            Perplexed(singular / singular.sum().clamp_min(double.Epsilon)),
            count > 1 ? cosines : 1,
            distributions is null ? null : Perplexed(distributions.mean([0])));
    }

    /// <summary>exp(−Σ p·log p).</summary>
    private static double Perplexed(Tensor distribution) => Math.Exp(-xlogy(distribution, distribution).sum().ToDouble());

    /// <summary>The probabilities in float64, if they are such.</summary>
    private static Tensor Distributions(Tensor probabilities)
    {
        Arguments.CheckRows(probabilities);
        Tensor values = probabilities.to(ScalarType.Float64), sums = values.sum([1]);
        double least = values.min().ToDouble(), error = (sums - 1).abs().max().ToDouble();
        if (!(least >= 0 && error <= SumTolerance))
        {
            throw new ArgumentException(
                FormattableString.Invariant($"The least probability is {least:g3}, and a row adds up to one within {error:g3}; probabilities are wanted, which are what a softmax makes of logits."),
                nameof(probabilities));
        }
        return values;
    }
}
