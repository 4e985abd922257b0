using ErLoss.SelfSupervised.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Evaluation;

internal sealed class CollapseIndicatorsTests : TensorTests
{
    [Test]
    public void Embeddings_that_are_all_the_same_have_rank_one_and_cosine_one()
    {
        CollapseIndicators indicators = CollapseIndicators.Measure(nn.functional.normalize(ones(20, 8), dim: 1), null);
        Assert.Multiple(() =>
        {
            Assert.That(indicators.EffectiveRank, Is.EqualTo(1).Within(1e-4));
            Assert.That(indicators.MeanCosine, Is.EqualTo(1).Within(1e-6));
            Assert.That(indicators.Perplexity, Is.Null);
        });
    }

    [Test]
    public void Embeddings_of_nothing_but_zeros_have_rank_one_as_a_number_must_stand_in_the_metrics() =>
        Assert.That(CollapseIndicators.Measure(zeros(20, 8), null).EffectiveRank, Is.EqualTo(1));

    [Test]
    public void Embeddings_along_all_axes_have_full_rank()
    {
        CollapseIndicators indicators = CollapseIndicators.Measure(cat([eye(6), -eye(6)]), null);
        Assert.Multiple(() =>
        {
            Assert.That(indicators.EffectiveRank, Is.EqualTo(6).Within(1e-9));
            Assert.That(indicators.MeanCosine, Is.EqualTo(-1.0 / 11).Within(1e-9)); // each sees its opposite among eleven
        });
    }

    [Test]
    public void The_mean_cosine_is_that_over_pairs_of_different_images()
    {
        Tensor rows = nn.functional.normalize(randn(9, 5), dim: 1);
        Tensor cosines = rows.mm(rows.t());
        double expected = (cosines.sum().ToDouble() - cosines.trace().ToDouble()) / 72;
        Assert.That(CollapseIndicators.Measure(rows, null).MeanCosine, Is.EqualTo(expected).Within(1e-6));
    }

    [Test]
    public void Perplexity_counts_the_classes_in_use()
    {
        double Perplexity(Tensor probabilities) =>
            CollapseIndicators.Measure(nn.functional.normalize(randn(4, 3), dim: 1), probabilities).Perplexity!.Value;
        Tensor oneHot = eye(8)[TensorIndex.Slice(0, 4)];
        Assert.Multiple(() =>
        {
            Assert.That(Perplexity(oneHot), Is.EqualTo(4).Within(1e-9));
            Assert.That(Perplexity(full(4, 8, 0.125f)), Is.EqualTo(8).Within(1e-9));
            Assert.That(Perplexity(oneHot[0].expand(4, 8)), Is.EqualTo(1).Within(1e-9));
        });
    }
}
