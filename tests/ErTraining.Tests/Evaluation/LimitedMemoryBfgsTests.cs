using ErTraining.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Evaluation;

internal sealed class LimitedMemoryBfgsTests
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void OpenScope() => _scope = NewDisposeScope();

    [TearDown]
    public void CloseScope() => _scope.Dispose();

    [TestCase(1)]
    [TestCase(1e4)]
    public void It_finds_the_minimum_of_a_quadratic_however_stretched(double condition)
    {
        Tensor target = arange(1.0, 6.0, ScalarType.Float64), scale = logspace(0, Math.Log10(condition), 5, dtype: ScalarType.Float64);
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(
            x => ((scale * (x - target).square()).sum().item<double>() / 2, scale * (x - target)),
            x => x, zeros_like(target), 1e-9, 500, default);
        Assert.That(found.Converged);
        Assert.That(found.Point.data<double>().ToArray(), Finite.Near(target.data<double>().ToArray(), 1e-8));
    }

    [Test]
    public void Given_the_inverse_Hessian_it_takes_one_step()
    {
        Tensor target = tensor(new[] { 3.0, -1 }), scale = tensor(new[] { 1000.0, 0.01 });
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(
            x => ((scale * (x - target).square()).sum().item<double>() / 2, scale * (x - target)),
            x => x / scale, zeros_like(target), 1e-9, 500, default);
        Assert.That(found.Iterations, Is.EqualTo(1));
    }

    [Test]
    public void An_assumed_Hessian_that_is_a_thousand_times_too_large_costs_no_more_steps()
    {
        Tensor scale = logspace(0, 2, 60, dtype: ScalarType.Float64);
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(
            x => ((scale * x.square()).sum().item<double>() / 2, scale * x), x => 1e-3 * x, ones_like(scale), 1e-9, 200, default);
        Assert.That(found.Converged);
        Assert.That(found.Point.data<double>().ToArray(), Is.All.EqualTo(0).Within(1e-8));
    }

    [Test]
    public void A_first_step_that_is_far_too_long_is_shortened()
    {
        // log cosh is flat far out: a step to beyond the minimum must not be taken.
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(
            x => (x.cosh().log().sum().item<double>(), x.tanh()), x => 100 * x, tensor(new[] { 2.0, -1.5 }), 1e-9, 500, default);
        Assert.That(found.Converged);
        Assert.That(found.Point.data<double>().ToArray(), Is.All.EqualTo(0).Within(1e-8));
    }

    [Test]
    public void It_says_so_when_it_gives_up()
    {
        (double, Tensor) Stretched(Tensor x) => ((tensor(new[] { 1.0, 1e4 }) * x.square()).sum().item<double>(), 2 * tensor(new[] { 1.0, 1e4 }) * x);
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(Stretched, x => x, ones(2, ScalarType.Float64), 1e-12, 2, default);
        Assert.Multiple(() =>
        {
            Assert.That(found.Converged, Is.False);
            Assert.That(found.Iterations, Is.EqualTo(2));
        });
    }

    [Test]
    public void A_function_without_a_number_ends_the_search()
    {
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(
            x => (double.NaN, ones_like(x)), x => x, ones(2, ScalarType.Float64), 1e-9, 500, default);
        Assert.That(found.Converged, Is.False);
    }

    [Test]
    public void Nothing_but_the_point_stays_alive()
    {
        Tensor target = arange(1.0, 6.0, ScalarType.Float64), scale = logspace(0, 4, 5, dtype: ScalarType.Float64), start = zeros_like(target);
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (var scope = NewDisposeScope())
        {
            LimitedMemoryBfgs.Minimize(Objective, x => x.clone(), start, 1e-9, 500, default).Point.DetachFromDisposeScope();
        }
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive + 1));

        (double, Tensor) Objective(Tensor x)
        {
            using var scope = NewDisposeScope();
            Tensor gradient = scale * (x - target);
            return ((gradient * (x - target)).sum().item<double>() / 2, gradient.MoveToOuterDisposeScope());
        }
    }
}
