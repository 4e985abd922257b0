using ErLoss.SelfSupervised.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Evaluation;

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

    [Test]
    public void The_effective_rank_is_that_of_the_singular_values_and_lengths_do_not_matter_for_cosines()
    {
        Tensor rows = tensor(new double[,] { { 3, 0, 0 }, { 0, 0, 1 } });
        CollapseIndicators indicators = CollapseIndicators.Measure(rows);
        double expected = Math.Exp(-0.75 * Math.Log(0.75) - 0.25 * Math.Log(0.25));
        Assert.Multiple(() =>
        {
            Assert.That(indicators.EffectiveRank, Is.EqualTo(expected).Within(1e-12));
            Assert.That(indicators.MeanCosine, Is.Zero);
            Assert.That(CollapseIndicators.Measure(rows + rows.flip(0)).MeanCosine, Is.EqualTo(1).Within(1e-12));
            Assert.That(CollapseIndicators.Measure(tensor(new double[,] { { 3, 0 }, { 0.5, 0.5 } })).MeanCosine, Is.EqualTo(Math.Sqrt(0.5)).Within(1e-12));
            Assert.That(CollapseIndicators.Measure(rows.narrow(0, 0, 1)), Is.EqualTo(new CollapseIndicators(1, 1, null)));
        });
    }

    [TestCase(1e-30, ScalarType.Float32)]
    [TestCase(1e30, ScalarType.Float32)]
    [TestCase(1e-300, ScalarType.Float64)]
    [TestCase(1e307, ScalarType.Float64)]
    public void The_scale_of_all_embeddings_does_not_matter(double scale, ScalarType type)
    {
        Tensor rows = rand(6, 4, type) - 0.5;
        CollapseIndicators plain = CollapseIndicators.Measure(rows), scaled = CollapseIndicators.Measure(rows * scale);
        Assert.That(scaled.EffectiveRank, Is.EqualTo(plain.EffectiveRank).Within(1e-5));
        Assert.That(scaled.MeanCosine, Is.EqualTo(plain.MeanCosine).Within(1e-5));
    }

    [TestCase(ScalarType.BFloat16)]
    [TestCase(ScalarType.Float16)]
    public void Half_precision_and_gradients_are_taken_and_nothing_stays_alive(ScalarType type)
    {
        using Tensor rows = randn(6, 4).requires_grad_().to(type), probabilities = randn(6, 300).softmax(1).to(type);
        CollapseIndicators wide = CollapseIndicators.Measure(rows.to(ScalarType.Float64), probabilities.to(ScalarType.Float64));
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        CollapseIndicators indicators = CollapseIndicators.Measure(rows, probabilities);
        Assert.Multiple(() =>
        {
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(live));
            Assert.That(indicators, Is.EqualTo(wide));
            Assert.That(indicators.Perplexity, Finite.GreaterThan(100));
        });
    }

    private static IEnumerable<TestCaseData> Unfit()
    {
        static TestCaseData Case(string name, Func<Tensor> rows, Func<Tensor>? probabilities, string argument, string message) =>
            new TestCaseData(rows, probabilities, argument, message).SetArgDisplayNames(name);

        yield return Case("a vector", () => ones(3), null, "embeddings", "The shape is (3); (n, d) is wanted");
        yield return Case("no rows", () => ones(0, 3), null, "embeddings", "at least one row");
        yield return Case("integers", () => ones(2, 3, ScalarType.Int64), null, "embeddings", "floating-point");
        yield return Case("no values", () => ones(2, 3, device: device("meta")), null, "embeddings", "meta");
        yield return Case("no number", () => full(2, 3, double.NaN), null, "embeddings", "Not all values are finite");
        yield return Case("logits", () => ones(2, 3), () => ones(2, 4) * 2, "probabilities", "softmax");
        yield return Case("negative", () => ones(2, 3), () => tensor(new double[,] { { 1.5, -0.5 } }), "probabilities", "The least probability is -0.5");
        yield return Case("probabilities that are no number", () => ones(2, 3), () => full(2, 4, double.NaN), "probabilities", "NaN");
        yield return Case("null", () => null!, null, "embeddings", "");
    }

    [TestCaseSource(nameof(Unfit))]
    public void What_cannot_be_measured_is_refused_by_name(Func<Tensor> rows, Func<Tensor>? probabilities, string argument, string message) => Assert.That(
        () => CollapseIndicators.Measure(rows(), probabilities?.Invoke()),
        Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo(argument).And.Message.Contains(message));
}
