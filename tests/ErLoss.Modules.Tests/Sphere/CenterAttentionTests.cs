using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Further centres by attention beside rows by tiles, as a CPU computes a queue: values and gradients against the composed form in float64.</summary>
public class CenterAttentionTests : TensorTests
{
    private const int Rows = 600, Centers = 301, Dimension = 24; // rows enough for tiles; centres that fill up no sequence

    [Test]
    public void ValueAndGradientsAreThoseOfFloat64(
        [Values] EntropyEstimator estimator, [Values("", "leave-one-out", "learnt κ", "weights", "values of rows")] string kind, [Values(0.5, 10, 59)] double kappa)
    {
        var options = new EntropyReconstructionOptions
        {
            Kappa = kappa,
            Estimator = estimator == EntropyEstimator.PlugIn && kind == "values of rows" ? EntropyEstimator.Joe : estimator,
            LeaveOneOut = kind == "leave-one-out",
            LearnKappa = kind == "learnt κ",
            ReconstructionWeight = 0,
            Reduction = kind == "values of rows" ? nn.Reduction.None : nn.Reduction.Mean,
        };
        random.manual_seed(1);
        Tensor rows = randn(Rows, Dimension), centers = randn(Centers, Dimension), weights = 0.1 + rand(Rows), centerWeights = 0.1 + rand(Centers), factors = randn(Rows);
        (Tensor Value, Tensor Gradient, double Kappa) exact = Run(ScalarType.Float64, KernelEvaluation.Composed), single = Run(ScalarType.Float32, KernelEvaluation.Auto);
        double perKappa = 1 + kappa / 10; // exponents are off in proportion to κ
        Assert.Multiple(() =>
        {
            Assert.That(RelativeError.Of(single.Value.to(ScalarType.Float64) - exact.Value + 1, ones_like(exact.Value)), Is.LessThan(2e-6 * perKappa));
            Assert.That(RelativeError.Of(single.Gradient.to(ScalarType.Float64), exact.Gradient), Is.LessThan(2e-6 * perKappa));
            Assert.That(single.Kappa, Is.EqualTo(exact.Kappa).Within(1e-5 * perKappa));
        });

        (Tensor, Tensor, double) Run(ScalarType dtype, KernelEvaluation evaluation)
        {
            using var loss = new EntropyReconstructionLoss(options with { Evaluation = evaluation });
            Tensor leaf = rows.to(dtype, copy: true).requires_grad_();
            bool isWeighted = kind == "weights";
            var views = new ProjectedViews(leaf)
            {
                Target = leaf,
                Weights = isWeighted ? weights : null,
                Centers = [new(centers.to(dtype)) { Weights = isWeighted ? centerWeights : null }],
            };
            Tensor value = loss.terms(views).Loss;
            (value.dim() == 0 ? value : (value * factors.to(dtype)).sum()).backward();
            return (value.detach(), leaf.grad!, loss.parameters().Select(parameter => parameter.grad!.ToDouble()).FirstOrDefault());
        }
    }

    // Each difference from the first case is one that tiles serve, or another evaluation.
    [TestCase(ScalarType.Float32, 600, 4096, 10, false, true, ExpectedResult = true)]
    [TestCase(ScalarType.Float64, 600, 4096, 10, false, true, ExpectedResult = false)]
    [TestCase(ScalarType.Float32, 60, 4096, 10, false, true, ExpectedResult = false)]
    [TestCase(ScalarType.Float32, 600, 0, 10, false, true, ExpectedResult = false)]
    [TestCase(ScalarType.Float32, 600, 4096, 61, false, true, ExpectedResult = false)]
    [TestCase(ScalarType.Float32, 600, 4096, 10, true, true, ExpectedResult = false)]
    [TestCase(ScalarType.Float32, 600, 4096, 10, false, false, ExpectedResult = false)]
    public bool IsTakenForCentersWithoutIdsOfUnitRowsInFloat32(ScalarType dtype, long k, long m, double kappa, bool haveIds, bool unitRows) => EvaluationChoice.Resolve(
        CPU, dtype, k, m, 24, haveIds, isOneCall: false, new KernelSettings(new Concentration(kappa), EntropyEstimator.Joe, LeaveOneOut: false, unitRows)).CenterAttention is not null;

    [Test]
    public void CentersWithGradientGetTheirs()
    {
        random.manual_seed(2);
        Tensor rows = randn(Rows, Dimension), centers = randn(Centers, Dimension);
        Tensor exact = Run(ScalarType.Float64, KernelEvaluation.Composed), single = Run(ScalarType.Float32, KernelEvaluation.Auto);
        Assert.That(RelativeError.Of(single.to(ScalarType.Float64), exact), Is.LessThan(3e-6));

        Tensor Run(ScalarType dtype, KernelEvaluation evaluation)
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Evaluation = evaluation });
            Tensor leaf = centers.to(dtype, copy: true).requires_grad_(), view = rows.to(dtype);
            loss.terms(new ProjectedViews(view, view) { Centers = [new(leaf)] }).Loss.backward();
            return leaf.grad!;
        }
    }

    // The kernel takes the numbers of a row to lie one after the other. MoCo's queue is (d, m), for example.
    [Test]
    public void RowsMayLieInMemoryInAnyOrder(
        [Values(KernelEvaluation.Auto, KernelEvaluation.Attention)] KernelEvaluation evaluation, [Values("transposed centres", "every other column", "one centre expanded", "transposed rows")] string kind)
    {
        random.manual_seed(3);
        Tensor rows = kind == "transposed rows" ? randn(Dimension, Rows).t() : randn(Rows, Dimension), centers = kind switch
        {
            "transposed centres" => randn(Dimension, Centers).t(),
            "every other column" => randn(Centers, Dimension, 2)[.., .., 0],
            "one centre expanded" => randn(1, Dimension).expand(Centers, Dimension),
            _ => randn(Centers, Dimension),
        };
        Tensor exact = Run(rows.to(ScalarType.Float64), centers.to(ScalarType.Float64), KernelEvaluation.Composed), single = Run(rows, centers, evaluation);
        Assert.That(RelativeError.Of(single.to(ScalarType.Float64), exact), Is.LessThan(4e-6));

        static Tensor Run(Tensor rows, Tensor centers, KernelEvaluation evaluation)
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Evaluation = evaluation });
            Tensor leaf = rows.detach().requires_grad_(); // no copy, which might lie otherwise
            loss.terms(new ProjectedViews(leaf) { Target = leaf, Centers = [new(centers)] }).Entropy.backward();
            return leaf.grad!;
        }
    }
}
