using ErLoss.SelfSupervised.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Evaluation;

internal sealed class SoftmaxRegressionTests
{
    private const int Count = 40, Dimension = 3, Classes = 4;

    private DisposeScope _scope = null!;
    private Tensor _inputs = null!, _labels = null!, _start = null!;

    [SetUp]
    public void DrawProblem()
    {
        _scope = NewDisposeScope();
        manual_seed(5);
        _inputs = cat([randn(Count, Dimension, ScalarType.Float64), ones(Count, 1, ScalarType.Float64)], 1);
        _labels = randint(Classes, Count, ScalarType.Int64);
        _start = zeros(Dimension + 1, Classes, ScalarType.Float64);
    }

    [TearDown]
    public void CloseScope()
    {
        _inputs.Dispose();
        _labels.Dispose();
        _start.Dispose();
        _scope.Dispose();
    }

    [TestCase(1e-1)]
    [TestCase(1e-3)]
    [TestCase(1e-5)]
    public void The_gradient_is_zero_where_it_ends(double penalty)
    {
        LimitedMemoryBfgs.Minimum fit = SoftmaxRegression.Fit(_inputs, _labels, penalty, _start);
        Assert.That(fit.Converged);
        Assert.That(Gradient(Rows(fit.Point), penalty).SelectMany(row => row), Is.All.EqualTo(0).Within(1.01 * SoftmaxRegression.FineTolerance));
    }

    [Test]
    public void It_ends_where_plain_gradient_descent_ends()
    {
        const double Penalty = 0.05;
        double[][] weights = Rows(_start);
        for (int step = 0; step < 800; step++)
        {
            weights = [.. weights.Zip(Gradient(weights, Penalty), (row, slopes) => row.Zip(slopes, (w, g) => w - 0.5 * g).ToArray())];
        }
        double[][] found = Rows(SoftmaxRegression.Fit(_inputs, _labels, Penalty, _start).Point);
        Assert.That(found.SelectMany(row => row), Finite.Near(weights.SelectMany(row => row), 1e-4));
    }

    [Test]
    public void Where_it_starts_does_not_matter()
    {
        Tensor first = SoftmaxRegression.Fit(_inputs, _labels, 0.01, _start).Point;
        // A shift of all biases changes no probability, so where it comes to rest is settled by the start; the start's are centred.
        Tensor other = randn_like(_start);
        Tensor second = SoftmaxRegression.Fit(_inputs, _labels, 0.01, other - other.mean([1], keepdim: true)).Point;
        Assert.That(Rows(second).SelectMany(row => row), Finite.Near(Rows(first).SelectMany(row => row), 1e-3));
    }

    [Test]
    public void Biases_are_not_penalized_so_without_inputs_probabilities_are_the_frequencies()
    {
        Tensor inputs = cat([zeros(10, 2, ScalarType.Float64), ones(10, 1, ScalarType.Float64)], 1), labels = tensor(new long[] { 0, 0, 0, 0, 0, 0, 0, 1, 1, 2 });
        Tensor weights = SoftmaxRegression.Fit(inputs, labels, 0.1, zeros(3, 3, ScalarType.Float64)).Point;
        double[] probabilities = nn.functional.softmax(weights[2], 0).data<double>().ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(probabilities, Is.EqualTo(new[] { 0.7, 0.2, 0.1 }).Within(1e-5));
            Assert.That(weights.narrow(0, 0, 2).abs().max().ToDouble(), Is.Zero);
        });
    }

    [Test]
    public void Strongly_correlated_inputs_cost_no_more_than_a_few_steps()
    {
        Tensor mixed = _inputs.clone();
        mixed[.., 1] = mixed[.., 0] * 100 + mixed[.., 1] * 0.1;
        LimitedMemoryBfgs.Minimum fit = SoftmaxRegression.Fit(mixed, _labels, 1e-3, _start);
        Assert.That(fit.Converged);
        Assert.That(fit.Iterations, Is.LessThan(60));
    }

    /// <summary>Of the objective, element by element.</summary>
    private double[][] Gradient(double[][] weights, double penalty)
    {
        double[][] inputs = Rows(_inputs);
        long[] labels = _labels.data<long>().ToArray();
        double[][] gradient = [.. weights.Select((row, j) => row.Select(w => j < Dimension ? penalty * w : 0).ToArray())];
        for (int i = 0; i < Count; i++)
        {
            double[] odds = [.. Enumerable.Range(0, Classes).Select(c => Math.Exp(inputs[i].Select((x, j) => x * weights[j][c]).Sum()))];
            for (int c = 0; c < Classes; c++)
            {
                double error = odds[c] / odds.Sum() - (labels[i] == c ? 1 : 0);
                for (int j = 0; j <= Dimension; j++)
                {
                    gradient[j][c] += error * inputs[i][j] / Count;
                }
            }
        }
        return gradient;
    }

    private static double[][] Rows(Tensor matrix) =>
        [.. Enumerable.Range(0, (int)matrix.shape[0]).Select(i => matrix[i].data<double>().ToArray())];
}
