using ErLoss.Training.Optimization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErTraining.Tests.Optimization;

internal sealed class LarsTests
{
    private const double Momentum = 0.9, WeightDecay = 0.05, TrustCoefficient = 0.02;

    [TestCase(1)]
    [TestCase(5)]
    public void Steps_equal_a_plain_recomputation(int steps)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Parameter matrix = Parameter(3, 4), convolution = Parameter(2, 3, 3, 3), bias = Parameter(4);
        using var optimizer = new Lars([matrix, convolution], [bias], 1, Momentum, WeightDecay, TrustCoefficient);
        var expected = new[] { new Layer(matrix, true), new Layer(convolution, true), new Layer(bias, false) };
        for (int step = 0; step < steps; step++)
        {
            double learningRate = 2.0 / (step + 1);
            foreach (var group in optimizer.ParamGroups)
            {
                group.LearningRate = learningRate;
            }
            foreach (Layer layer in expected)
            {
                layer.Parameter.grad = randn_like(layer.Parameter);
                layer.Step(learningRate);
            }
            optimizer.step();
        }
        Assert.Multiple(() =>
        {
            foreach (Layer layer in expected)
            {
                Assert.That(layer.Parameter.data<double>().ToArray(), Finite.Near(layer.Weights, 1e-13));
            }
        });
    }

    [TestCase(1e-6)]
    [TestCase(1)]
    [TestCase(1e6)]
    public void Without_decay_the_length_of_a_step_goes_by_the_weights_alone(double gradientScale)
    {
        using var scope = NewDisposeScope();
        Parameter weights = nn.Parameter(tensor(new double[,] { { 3, 0 }, { 0, 4 } }));
        using var optimizer = new Lars([weights], [], 0.5, Momentum, 0, TrustCoefficient);
        weights.grad = tensor(new double[,] { { 0, 8 }, { -6, 0 } }) * gradientScale;
        optimizer.step();
        double length = 0.5 * TrustCoefficient * 5;
        Assert.That(weights.data<double>().ToArray(), Is.EqualTo(new[] { 3, -0.8 * length, 0.6 * length, 4 }).Within(1e-15));
    }

    [TestCase(0.01)]
    [TestCase(0.5)]
    public void Clipped_a_layer_s_rate_is_the_lesser_of_the_two(double learningRate)
    {
        using var scope = NewDisposeScope();
        Parameter weights = nn.Parameter(tensor(new double[,] { { 3, 0 }, { 0, 4 } }));
        using var optimizer = new Lars([weights], [], 1, Momentum, 0, TrustCoefficient, clip: true);
        optimizer.ParamGroups.First().LearningRate = learningRate;
        weights.grad = tensor(new double[,] { { 0, 0.8 }, { -0.6, 0 } });
        optimizer.step();
        double rate = Math.Min(TrustCoefficient * 5, learningRate); // the gradient's norm is one
        Assert.That(weights.data<double>().ToArray(), Is.EqualTo(new[] { 3, -0.8 * rate, 0.6 * rate, 4 }).Within(1e-15));
    }

    [TestCase(0, 2, 2)]
    [TestCase(2, 0, WeightDecay * 2)]
    [TestCase(0, 0, 0)]
    public void Where_a_norm_is_zero_the_factor_is_one(double weight, double gradient, double update)
    {
        using var scope = NewDisposeScope();
        Parameter weights = nn.Parameter(full(2, 2, weight, ScalarType.Float64));
        using var optimizer = new Lars([weights], [], 0.1, Momentum, WeightDecay, TrustCoefficient);
        weights.grad = full_like(weights, gradient);
        optimizer.step();
        Assert.That(weights.data<double>().ToArray(), Is.All.EqualTo(weight - 0.1 * update).Within(1e-15));
    }

    [Test]
    public void What_is_not_adapted_follows_SGD_with_momentum_and_no_decay_to_the_last_bit()
    {
        using var scope = NewDisposeScope();
        Parameter bias = Parameter(5), twin = nn.Parameter(bias.detach().clone());
        using var lars = new Lars([Parameter(3, 5)], [bias], 0.3, Momentum, WeightDecay, TrustCoefficient);
        using var sgd = optim.SGD([twin], 0.3, Momentum);
        for (int step = 0; step < 4; step++)
        {
            bias.grad = randn_like(bias);
            twin.grad = bias.grad.clone();
            lars.step();
            sgd.step();
        }
        Assert.That(bias.data<double>().ToArray(), Is.EqualTo(twin.data<double>().ToArray()));
    }

    [Test]
    public void What_has_no_gradient_stays()
    {
        using var scope = NewDisposeScope();
        Parameter idle = Parameter(2, 2), moved = Parameter(2, 2);
        double[] before = idle.data<double>().ToArray();
        using var optimizer = new Lars([idle, moved], [], 0.1, Momentum, WeightDecay, TrustCoefficient);
        moved.grad = ones_like(moved);
        optimizer.step();
        Assert.That(idle.data<double>().ToArray(), Is.EqualTo(before));
    }

    [Test]
    public void A_closure_computes_the_gradient_that_the_step_takes()
    {
        using var scope = NewDisposeScope();
        Parameter given = Parameter(2, 3), computed = nn.Parameter(given.detach().clone());
        using var first = new Lars([given], [], 0.1, Momentum, WeightDecay, TrustCoefficient);
        using var second = new Lars([computed], [], 0.1, Momentum, WeightDecay, TrustCoefficient);
        given.grad = ones_like(given);
        first.step();
        Tensor loss = second.step(() =>
        {
            Tensor sum = computed.sum();
            sum.backward();
            return sum;
        });
        Assert.Multiple(() =>
        {
            Assert.That(computed.data<double>().ToArray(), Is.EqualTo(given.data<double>().ToArray()));
            Assert.That(loss.shape, Is.Empty);
        });
    }

    [TestCase(-1, 0.001)]
    [TestCase(0, 0)]
    public void Settings_out_of_range_are_refused(double weightDecay, double trustCoefficient) =>
        Assert.That(() => new Lars([], [], 0.1, Momentum, weightDecay, trustCoefficient), Throws.TypeOf<ArgumentOutOfRangeException>());

    private static Parameter Parameter(params long[] shape) => nn.Parameter(randn(shape, ScalarType.Float64));

    /// <summary>A parameter recomputed in plain numbers, as the paper's equations have it.</summary>
    private sealed class Layer(Parameter parameter, bool adapted)
    {
        private readonly double[] _velocity = new double[parameter.numel()];

        public Parameter Parameter => parameter;

        public double[] Weights { get; } = parameter.data<double>().ToArray();

        public void Step(double learningRate)
        {
            double[] gradient = parameter.grad!.data<double>().ToArray();
            double decay = adapted ? WeightDecay : 0;
            double factor = adapted ? TrustCoefficient * Norm(Weights) / (Norm(gradient) + decay * Norm(Weights)) : 1;
            for (int i = 0; i < Weights.Length; i++)
            {
                _velocity[i] = Momentum * _velocity[i] + factor * (gradient[i] + decay * Weights[i]);
                Weights[i] -= learningRate * _velocity[i];
            }
        }

        private static double Norm(double[] values) => Math.Sqrt(values.Sum(value => value * value));
    }
}
