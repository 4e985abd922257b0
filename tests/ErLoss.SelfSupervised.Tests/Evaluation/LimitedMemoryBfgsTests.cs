using ErLoss.SelfSupervised.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Evaluation;

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
        Tensor target = Column(1, 2, 3, 4, 5), scale = logspace(0, Math.Log10(condition), 5, dtype: ScalarType.Float64).unsqueeze(1);
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(
            x => ((scale * (x - target).square()).sum().item<double>() / 2, scale * (x - target)),
            eye(5, dtype: ScalarType.Float64), zeros_like(target), 1e-9, 500, null, default);
        Assert.That(found.Converged);
        Assert.That(found.Point.data<double>().ToArray(), Finite.Near(target.data<double>().ToArray(), 1e-8));
    }

    [Test]
    public void Given_the_inverse_Hessian_s_root_it_takes_a_step_to_scale_it_and_one_to_the_minimum()
    {
        Tensor target = Column(3, -1), scale = Column(1000, 0.01);
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(
            x => ((scale * (x - target).square()).sum().item<double>() / 2, scale * (x - target)),
            scale.pow(-0.5).squeeze(1).diag(), zeros_like(target), 1e-9, 500, null, default);
        Assert.That((found.Iterations, found.Converged), Is.EqualTo((2, true)));
    }

    [Test]
    public void An_assumed_Hessian_that_is_a_thousand_times_too_large_costs_no_more_steps()
    {
        Tensor scale = logspace(0, 2, 60, dtype: ScalarType.Float64).unsqueeze(1);
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(
            x => ((scale * x.square()).sum().item<double>() / 2, scale * x), Math.Sqrt(1e-3) * eye(60, dtype: ScalarType.Float64), ones_like(scale), 1e-9, 200, null, default);
        Assert.That(found.Converged);
        Assert.That(found.Point.data<double>().ToArray(), Is.All.EqualTo(0).Within(1e-8));
    }

    [Test]
    public void A_first_step_that_is_far_too_long_is_shortened()
    {
        // log cosh is flat far out: a step to beyond the minimum must not be taken.
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(
            x => (x.cosh().log().sum().item<double>(), x.tanh()), 10 * eye(2, dtype: ScalarType.Float64), Column(2, -1.5), 1e-9, 500, null, default);
        Assert.That(found.Converged);
        Assert.That(found.Point.data<double>().ToArray(), Is.All.EqualTo(0).Within(1e-8));
    }

    [Test]
    public void It_says_so_when_it_gives_up()
    {
        (double, Tensor) Stretched(Tensor x) => ((Column(1, 1e4) * x.square()).sum().item<double>(), 2 * Column(1, 1e4) * x);
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(Stretched, eye(2, dtype: ScalarType.Float64), ones(2, 1, ScalarType.Float64), 1e-12, 2, null, default);
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
            x => (double.NaN, ones_like(x)), eye(2, dtype: ScalarType.Float64), ones(2, 1, ScalarType.Float64), 1e-9, 500, null, default);
        Assert.Multiple(() =>
        {
            Assert.That(found.Converged, Is.False);
            Assert.That(found.Point.data<double>().ToArray(), Is.All.EqualTo(1), "where it began");
        });
    }

    [Test]
    public void Where_no_gradient_is_small_it_returns_the_point_of_the_least_value_that_it_saw()
    {
        double least = double.PositiveInfinity;
        LimitedMemoryBfgs.Minimum found = LimitedMemoryBfgs.Minimize(
            Kinked, eye(2, dtype: ScalarType.Float64), Column(3, -2.2), 1e-9, 500, null, default);
        Assert.Multiple(() =>
        {
            Assert.That(found.Converged, Is.False);
            Assert.That(found.Iterations, Is.Positive.And.LessThanOrEqualTo(500));
            Assert.That(found.Point.abs().sum().item<double>(), Is.EqualTo(least).And.LessThan(0.1));
        });

        (double, Tensor) Kinked(Tensor x)
        {
            double value = x.abs().sum().item<double>();
            least = value < least ? value : least; // MathNet looks at points that are not numbers before it gives up
            return (value, where(x.ge(0), 1.0, -1.0).to(ScalarType.Float64));
        }
    }

    [Test]
    public void Nothing_but_the_point_stays_alive()
    {
        Tensor target = Column(1, 2, 3, 4, 5), scale = Column(1, 10, 100, 1e3, 1e4), start = zeros_like(target), root = eye(5, dtype: ScalarType.Float64);
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (var scope = NewDisposeScope())
        {
            LimitedMemoryBfgs.Minimize(Objective, root, start, 1e-9, 500, null, default).Point.DetachFromDisposeScope();
        }
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive + 1));

        (double, Tensor) Objective(Tensor x)
        {
            using var scope = NewDisposeScope();
            Tensor gradient = scale * (x - target);
            return ((gradient * (x - target)).sum().item<double>() / 2, gradient.MoveToOuterDisposeScope());
        }
    }

    private static Tensor Column(params double[] values) => tensor(values, values.Length, 1);
}
