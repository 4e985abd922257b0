using ErLoss.SelfSupervised.Gradients;
using ErTraining.Tests.Placement;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Gradients;

[NonParallelizable] // one of the tests sets the default device
internal sealed class GradientCheckTests : TensorTests
{
    private static readonly GradientCheck s_check = new();
    private static readonly GradientCheck s_fine = new() { Step = 1e-5, AbsoluteTolerance = 1e-7, RelativeTolerance = 1e-7 };

    private static IEnumerable<TestCaseData> Right()
    {
        static TestCaseData Case(string name, Func<GradientComparison> run, long count) => new TestCaseData(run, count).SetArgDisplayNames(name);

        yield return Case("a scalar", () => s_fine.Run(x => x.square().sum(), Draw(3, 2)), 6);
        yield return Case("a matrix", () => s_fine.Run(x => x.mm(x.t()).tanh(), Draw(3, 2)), 54);
        yield return Case("a scalar of a scalar", () => s_fine.Run(x => x.exp(), tensor(0.7, ScalarType.Float64)), 1);
        yield return Case("several tensors", () => s_fine.Run(x => x[0].mm(x[1]) + x[0].sum(), [Draw(2, 3), Draw(3, 1)]), 18);
        yield return Case("one of which matters", () => s_fine.Run(x => x[0].sin().sum(), [Draw(2), Draw(3)]), 5);
        yield return Case("labels", () => s_fine.Run(x => nn.functional.cross_entropy(x[0], x[1]), [Draw(3, 4), arange(3)]), 12);
        yield return Case("a transposed tensor", () => s_fine.Run(x => (x * arange(6).view(3, 2)).exp().sum(), Draw(2, 3).t()), 6);
        yield return Case("a row that stands for many", () => s_fine.Run(x => (x * arange(6).view(3, 2)).exp().sum(), Draw(1, 2).expand(3, 2)), 6);
        yield return Case("the second order", () => s_fine.Run(x => autograd.grad([x.pow(3).sum()], [x], create_graph: true)[0], Draw(4)), 16);
        yield return Case("an input without elements", () => s_fine.Run(x => x[0].sin().sum() + x[1].sum(), [Draw(2), Draw(0, 3)]), 2);
        yield return Case("a sparse gradient", () => s_fine.Run(SparseEmbedding(), tensor(new long[] { 1, 3, 1 })), 6 * 8);
        yield return Case("the input itself", () => s_fine.Run(x => x, Draw(3)), 9);
        yield return Case("within no_grad", WithoutGradient, 6);
        yield return Case("a module", () => s_fine.Run(Network(), Draw(5, 3)), 10 * (15 + 12 + 4 + 4 + 4 + 8 + 2));
        yield return Case("a module of two inputs", () => s_fine.Run(nn.Bilinear(2, 2, 1).to(ScalarType.Float64), Draw(3, 2), Draw(3, 2)), 3 * (6 + 6 + 4 + 1));
        yield return Case("a loss", () => s_fine.Run(nn.MSELoss(), Draw(3, 2), Draw(3, 2)), 12);

        static GradientComparison WithoutGradient()
        {
            using var frozen = no_grad();
            return s_fine.Run(x => x.square().sum(), Draw(3, 2));
        }
    }

    [TestCaseSource(nameof(Right))]
    public void A_right_gradient_is_right_in_every_derivative(Func<GradientComparison> run, long count)
    {
        GradientComparison comparison = run();
        Assert.That(comparison.IsRight, comparison.ToString());
        Assert.That(comparison.Require, Throws.Nothing);
        Assert.That((comparison.Count, comparison.Errors.Count), Is.EqualTo((count, 0)));
        Assert.That(comparison.LargestDerivative, Finite.GreaterThan(0.01));
        Assert.That(comparison.LargestDifference, Finite.AtMost(1e-7 * (1 + comparison.LargestDerivative)));
    }

    [Test]
    public void A_wrong_derivative_is_named_with_its_variable_its_element_and_both_values()
    {
        // Values of x², but a gradient of x in place of 2x in the last column.
        GradientComparison comparison = s_check.Run(
            x => cat([x[0].narrow(1, 0, 2).square(), x[0].narrow(1, 2, 1).detach() * x[0].narrow(1, 2, 1)], 1) + x[1],
            [tensor(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } }), zeros(3, ScalarType.Float64)]);
        Assert.That(comparison.IsRight, Is.False);
        Assert.That(
            comparison.Errors.Select(error => (error.Variable, string.Join(',', error.Element), string.Join(',', error.OutputElement), error.ByAutograd, Math.Round(error.ByDifferences, 6))),
            Is.EqualTo([("inputs[0]", "0,2", "0,2", 3.0, 6.0), ("inputs[0]", "1,2", "1,2", 6.0, 12.0)]));
        Assert.That(
            comparison.Require,
            Throws.TypeOf<WrongGradientException>().With.Message.EqualTo(
                "The derivative of the output's element (0, 2) by element (0, 2) of inputs[0] is 3 by autograd and 6 by central differences, which may differ by 0.006. Wrong derivatives: 2 of 54."));
    }

    [Test]
    public void A_wrong_derivative_in_one_parameter_of_a_module_is_found_by_its_name()
    {
        GradientComparison comparison = s_check.Run(new HalfDetached(), Draw(2, 3));
        Assert.That(comparison.Errors.Select(error => error.Variable).Distinct(), Is.EqualTo(["wrong"]));
        Assert.That(comparison.Errors[0].ByDifferences, Finite.Near(2 * comparison.Errors[0].ByAutograd, 1e-6));
    }

    [TestCase(0.9e-3, true)]
    [TestCase(1.1e-3, false)]
    public void An_error_counts_above_the_tolerance(double error, bool isRight) =>
        Assert.That(s_check.Run(x => x * (1 + error) - error * x.detach(), tensor(1000.0, ScalarType.Float64)).IsRight, Is.EqualTo(isRight));

    [Test]
    public void A_gradient_that_is_no_number_is_wrong()
    {
        GradientComparison comparison = s_check.Run(x => x.pow(2).sqrt(), zeros(1, ScalarType.Float64)); // 0·∞
        Assert.That(comparison.Errors.Single().ByAutograd, Is.NaN);
        Assert.That(comparison.LargestDifference, Is.NaN);
    }

    [Test]
    public void The_differences_may_be_those_of_another_computation()
    {
        Tensor x = Draw(4).requires_grad_();
        Assert.Multiple(() =>
        {
            Assert.That(s_fine.Run(() => x.square().sum(), [("x", x)], () => tensor(x.data<double>().Sum(value => value * value) + 5)).IsRight);
            Assert.That(s_fine.Run(() => x.square().sum(), [("x", x)], () => tensor(x.data<double>().Sum(value => value * value * value))).IsRight, Is.False);
        });
    }

    [Test]
    public void A_module_and_the_tensors_are_left_as_they_were_and_nothing_stays_alive()
    {
        using Sequential network = Network();
        using Tensor input = Draw(5, 3);
        network.call(input).sum().backward();
        double[][] before = Everything(network);
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        s_check.Run(network, input).Require();
        long after = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Assert.Multiple(() =>
        {
            Assert.That(after, Is.EqualTo(live));
            Assert.That(Everything(network), Is.EqualTo(before));
            Assert.That((network.training, input.requires_grad), Is.EqualTo((true, false)));
            Assert.That(network.parameters().Select(weight => weight.grad), Has.None.Null);
            network.zero_grad(set_to_none: true);
            s_check.Run(network, input).Require();
            Assert.That(network.parameters().Select(weight => weight.grad), Has.All.Null);
        });

        static double[][] Everything(Sequential network) =>
        [
            .. network.parameters().Concat(network.buffers()).Concat(network.parameters().Select(weight => weight.grad!))
                .Select(tensor => tensor.detach().to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray()),
        ];
    }

    [Test]
    public void Tensors_are_made_where_the_inputs_are_whatever_the_default_device_is()
    {
        Tensor point = Draw(3, 2);
        using DefaultDevice other = DefaultDevice.IsMeta();
        GradientComparison comparison = s_fine.Run(x => x.square().sum(), point);
        Assert.That((comparison.IsRight, comparison.Count), Is.EqualTo((true, 6L)), comparison.ToString());
    }

    private static IEnumerable<TestCaseData> Refused()
    {
        static TestCaseData Case(string name, Action run, string argument, string message) => new TestCaseData(run, argument, message).SetArgDisplayNames(name);

        yield return Case("float32", () => s_check.Run(x => x.sum(), ones(2)), "input", "The dtype is Float32; float64 is wanted");
        yield return Case("one in float32", () => s_check.Run(x => x[0] + x[1], [Draw(2), ones(2)]), "inputs[1]", "float64 is wanted");
        yield return Case("complex", () => s_check.Run(x => x.abs(), ones(2, ScalarType.ComplexFloat64)), "input", "ComplexFloat64");
        yield return Case("a parameter in float32", () => s_check.Run(nn.Linear(3, 2), Draw(2, 3)), "weight", "The dtype is Float32");
        yield return Case("an output in float32", () => s_check.Run(x => x.to(ScalarType.Float32), Draw(2)), "function", "The output is Float32");
        yield return Case("an empty output", () => s_check.Run(x => x.narrow(0, 0, 0), Draw(2)), "function", "at least one element");
        yield return Case("no graph", () => s_check.Run(x => x.detach().sum(), Draw(2)), "function", "no gradient");
        yield return Case("random numbers", () => s_check.Run(x => x * rand_like(x), Draw(2)), "function", "other values when it is called again");
        yield return Case("dropout", () => s_check.Run(nn.Dropout(), Draw(20)), "function", "evaluation mode");
        yield return Case("no values", () => s_check.Run(x => x, zeros(2, ScalarType.Float64, device("meta"))), "input", "meta");
        yield return Case("sparse", () => s_check.Run(x => x, eye(2, dtype: ScalarType.Float64).to_sparse()), "input", "dense");
        yield return Case("disposed", () => s_check.Run(x => x, Disposed()), "input", "disposed");
        yield return Case("nothing", () => s_check.Run(x => x[0].to(ScalarType.Float64), [arange(3)]), "variables", "nothing to differentiate by");
        yield return Case("no leaf", () => s_check.Run(() => ones(1), [("x", Draw(2).requires_grad_() * 2)]), "x", "a leaf with requires_grad");
        yield return Case("nothing but empty tensors", () => s_check.Run(x => x[0].sum() + 1, [Draw(0)]), "variables", "nothing to differentiate by");
        yield return Case("elements that share memory", () => s_check.Run(() => ones(1), [("x", Draw(1, 2).expand(3, 2).requires_grad_())]), "x", "share memory");
        yield return Case("an input that is no number", () => s_check.Run(x => x, full(2, double.NaN, ScalarType.Float64)), "input", "finite");
        yield return Case("a step that rounding swallows", () => s_check.Run(x => x, tensor(1e12, ScalarType.Float64)), "step", "The step 1E-06 is too small for the value 1000000000000");
        yield return Case("another shape of as many", () => OfAnotherShape(Draw(2, 3).requires_grad_()), "reference", "The reference has the shape (3, 2) and the function (2, 3)");
        yield return Case("another size", () => OfAnotherSize(Draw(2).requires_grad_()), "reference", "The reference has the shape (2) and the function ()");
        yield return Case("step 0", () => (s_check with { Step = 0 }).Run(x => x, Draw(2)), "Step", "positive");
        yield return Case("step NaN", () => (s_check with { Step = double.NaN }).Run(x => x, Draw(2)), "Step", "positive");
        yield return Case("absolute tolerance", () => (s_check with { AbsoluteTolerance = -1 }).Run(x => x, Draw(2)), "AbsoluteTolerance", "zero or above");
        yield return Case("relative tolerance", () => (s_check with { RelativeTolerance = double.PositiveInfinity }).Run(x => x, Draw(2)), "RelativeTolerance", "finite");
    }

    [TestCaseSource(nameof(Refused))]
    public void What_cannot_be_checked_is_refused_with_what_is_wanted(Action run, string argument, string message) =>
        Assert.That(run, Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo(argument).And.Message.Contains(message));

    private static GradientComparison OfAnotherSize(Tensor leaf) => s_check.Run(() => leaf.sum(), [("x", leaf)], () => leaf * 2);

    private static GradientComparison OfAnotherShape(Tensor leaf) => s_check.Run(() => leaf * 1, [("x", leaf)], () => leaf.t() * 1);

    private static Embedding SparseEmbedding()
    {
        Embedding embedding = nn.Embedding(4, 2, sparse: true);
        embedding.to(ScalarType.Float64);
        return embedding;
    }

    private static Tensor Draw(params long[] shape) => randn(shape, ScalarType.Float64);

    private static Tensor Disposed()
    {
        Tensor tensor = Draw(2);
        tensor.Dispose();
        return tensor;
    }

    /// <summary>In training mode, in which batch normalisation changes its statistics.</summary>
    private static Sequential Network()
    {
        Sequential network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2));
        network.to(ScalarType.Float64);
        return network;
    }

    /// <summary>(x·right)·wrong², with half the gradient in the second weight.</summary>
    private sealed class HalfDetached : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter right = nn.Parameter(Draw(3)), wrong = nn.Parameter(Draw(3));

        public HalfDetached()
            : base(nameof(HalfDetached)) => RegisterComponents();

        public override Tensor forward(Tensor input) => (input * right).sin() * wrong * wrong.detach();
    }
}
