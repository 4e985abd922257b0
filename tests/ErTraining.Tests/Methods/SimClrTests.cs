using ErLoss.Modules;
using ErTraining.Encoders;
using ErTraining.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

internal sealed class SimClrTests
{
    private static readonly EntropyReconstructionOptions s_joe = new() { Estimator = EntropyEstimator.Joe };

    private DisposeScope _scope = null!;

    [SetUp]
    public void OpenScope()
    {
        _scope = NewDisposeScope();
        manual_seed(1);
    }

    [TearDown]
    public void CloseScope() => _scope.Dispose();

    [TestCase(1, 2, 0.5)]
    [TestCase(7, 5, 0.1)]
    [TestCase(16, 3, 1)]
    public void The_native_loss_is_that_of_a_plain_recomputation(int count, int dimension, double temperature)
    {
        Tensor first = randn(count, dimension, ScalarType.Float64), second = randn(count, dimension, ScalarType.Float64);
        double loss = SimClr.NormalizedTemperatureCrossEntropy(first, second, temperature).ToDouble();
        Assert.That(loss, Is.EqualTo(Recompute(first, second, temperature)).Within(1e-12));
    }

    [Test]
    public void The_gradient_of_the_native_loss_is_that_of_finite_differences()
    {
        Tensor first = randn(5, 3, ScalarType.Float64, requires_grad: true), second = randn(5, 3, ScalarType.Float64);
        SimClr.NormalizedTemperatureCrossEntropy(first, second, 0.2).backward();
        const double Step = 1e-6;
        for (int i = 0; i < 5; i++)
        {
            for (int j = 0; j < 3; j++)
            {
                Tensor Moved(double by)
                {
                    Tensor moved = first.detach().clone();
                    moved[i, j] = moved[i, j] + by;
                    return moved;
                }
                double difference = (Recompute(Moved(Step), second, 0.2) - Recompute(Moved(-Step), second, 0.2)) / (2 * Step);
                Assert.That(first.grad![i, j].ToDouble(), Is.EqualTo(difference).Within(1e-7));
            }
        }
    }

    [Test]
    public void Native_and_er_forms_report_the_same_terms_and_only_the_loss_differs()
    {
        using TwoViewMethod er = Create(Objective.Er), native = Create(Objective.Native);
        native.load_state_dict(er.state_dict());
        Tensor view1 = randn(8, 3, 32, 32), view2 = view1 + 0.1 * randn(8, 3, 32, 32);
        MethodTerms erTerms = er.call(view1, view2), nativeTerms = native.call(view1, view2);
        Assert.Multiple(() =>
        {
            Assert.That(nativeTerms.Entropy.ToDouble(), Is.EqualTo(erTerms.Entropy.ToDouble()));
            Assert.That(nativeTerms.Reconstruction.ToDouble(), Is.EqualTo(erTerms.Reconstruction.ToDouble()));
            Assert.That(erTerms.Loss.ToDouble(), Is.EqualTo(-erTerms.MutualInformationBound.ToDouble()).Within(1e-5));
            Assert.That(nativeTerms.Loss.ToDouble(), Is.GreaterThan(0));
            Assert.That(nativeTerms.Entropy.requires_grad, Is.False);
        });
    }

    [TestCase(Objective.Er)]
    [TestCase(Objective.Native)]
    public void Every_weight_takes_a_gradient_from_the_loss(Objective objective)
    {
        using TwoViewMethod method = Create(objective);
        Tensor view = randn(8, 3, 32, 32);
        method.call(view, view + 0.1 * randn(8, 3, 32, 32)).Loss.backward();
        // A bias right before a loss of directions may have a gradient near zero, never none.
        Assert.That(method.named_parameters().Where(p => p.parameter.grad is null).Select(p => p.name), Is.Empty);
    }

    private static TwoViewMethod Create(Objective objective) =>
        MethodCatalog.Create("simclr", EncoderCatalog.Create("convnet"), new MethodSettings(objective, s_joe));

    private static double Recompute(Tensor first, Tensor second, double temperature)
    {
        int count = (int)first.shape[0];
        double[][] rows = [.. Enumerable.Range(0, 2 * count).Select(i => Direction((i < count ? first[i] : second[i - count]).data<double>().ToArray()))];
        double sum = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            double[] logits = [.. rows.Select(row => row.Zip(rows[i], (x, y) => x * y).Sum() / temperature)];
            double others = Enumerable.Range(0, rows.Length).Where(j => j != i).Sum(j => Math.Exp(logits[j]));
            sum += Math.Log(others) - logits[(i + count) % rows.Length];
        }
        return sum / rows.Length;
    }

    private static double[] Direction(double[] row)
    {
        double norm = Math.Sqrt(row.Sum(x => x * x));
        return [.. row.Select(x => x / norm)];
    }
}
