using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

internal sealed class WhiteningTests : TensorTests
{
    [TestCase(6)]
    [TestCase(3)]
    public void Components_have_mean_zero_variance_one_and_no_correlation(int components)
    {
        Tensor rows = randn(200, 6, ScalarType.Float64).mm(randn(6, 6, ScalarType.Float64)) + 3;
        Tensor white = Whitening.Apply(rows, components);
        Tensor covariance = white.t().mm(white) / 200;
        Assert.Multiple(() =>
        {
            Assert.That(white.shape, Is.EqualTo(new long[] { 200, components }));
            Assert.That(white.mean([0]).abs().max().ToDouble(), Finite.LessThan(1e-10));
            Assert.That((covariance - eye(components, dtype: ScalarType.Float64)).abs().max().ToDouble(), Finite.LessThan(1e-9));
        });
    }

    [Test]
    public void The_components_kept_are_those_of_the_largest_variance()
    {
        Tensor rows = randn(500, 3, ScalarType.Float64) * tensor(new[] { 1.0, 100, 10 });
        Tensor white = Whitening.Apply(rows, 1).flatten();
        Tensor second = rows[TensorIndex.Colon, 1];
        double cosine = (white * (second - second.mean())).sum().ToDouble() / (white.norm().ToDouble() * (second - second.mean()).norm().ToDouble());
        Assert.That(Math.Abs(cosine), Finite.GreaterThan(0.99));
    }

    [Test]
    public void A_direction_in_which_nothing_varies_stays_small()
    {
        Tensor rows = cat([randn(50, 2), ones(50, 2)], 1);
        Assert.That(Whitening.Apply(rows, 4).abs().max().ToDouble(), Finite.LessThan(10));
    }

    [Test]
    public void Rows_in_float32_that_span_few_dimensions_are_whitened_in_float64()
    {
        Tensor rows = randn(200, 4).mm(randn(4, 32)); // rank 4: the other 28 variances are rounding, which float32 and float64 have differently
        Tensor white = Whitening.Apply(rows, 32), truth = Whitening.Apply(rows.to(ScalarType.Float64), 32);
        Assert.Multiple(() =>
        {
            Assert.That(white.dtype, Is.EqualTo(ScalarType.Float32));
            Assert.That(truth.abs().max().ToDouble(), Is.GreaterThan(1));
            Assert.That((white.to(ScalarType.Float64) - truth).abs().max().ToDouble(), Is.LessThan(1e-5));
        });
    }

    [Test]
    public void More_components_than_there_are_dimensions_are_no_error() =>
        Assert.That(Whitening.Apply(randn(10, 4), 64).shape, Is.EqualTo(new long[] { 10, 4 }));
}
