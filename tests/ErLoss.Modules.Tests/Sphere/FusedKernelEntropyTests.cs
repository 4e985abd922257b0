using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

[TestFixture]
public class FusedKernelEntropyTests
{
    public enum Rows { Random, Clustered, Duplicate, Collapsed, NotUnit, NormsFarApart }

    private static readonly (int K, int D)[] Shapes = [(1, 2), (2, 3), (37, 5), (541, 64)];

    [Test]
    public void Float32IsAsCloseToTheTruthAsComposedIs(
        [Values] Rows kind, [Values(0.1, 10, 100, 1000)] double kappa, [Values] EntropyEstimator estimator, [Values] bool leaveOneOut)
    {
        foreach ((int k, int d) in Shapes)
        {
            using var scope = NewDisposeScope();
            Tensor single = Make(kind, k, d).to(ScalarType.Float32), rows = single.to(ScalarType.Float64);
            if (leaveOneOut && k == 1)
            {
                continue;
            }
            (double value, Tensor gradient) = Differentiate(rows, kappa, estimator, leaveOneOut, KernelEvaluation.Composed);
            (double composedValue, Tensor composedGradient) = Differentiate(single, kappa, estimator, leaveOneOut, KernelEvaluation.Composed);
            (double fusedValue, Tensor fusedGradient) = Differentiate(single, kappa, estimator, leaveOneOut, KernelEvaluation.Fused);

            Assert.That(double.IsFinite(value) && double.IsFinite(composedValue), $"k = {k}");
            double scale = Math.Max(1, Math.Abs(value));
            double allowed = Math.Abs(composedValue - value) / scale + 1e-5, allowedInGradient = RelativeError.Of(composedGradient, gradient) + 1e-5;
            Assert.That(fusedValue, Is.EqualTo(value).Within(allowed * scale), $"value, k = {k}");
            Assert.That(RelativeError.Of(fusedGradient, gradient), Is.LessThanOrEqualTo(allowedInGradient), $"gradient, k = {k}");
        }
    }

    [Test]
    public void Float64AgreesWithComposed(
        [Values] Rows kind, [Values(0.1, 10, 1000)] double kappa, [Values] EntropyEstimator estimator, [Values] bool leaveOneOut)
    {
        using var scope = NewDisposeScope();
        Tensor rows = Make(kind, 300, 16);
        (double value, Tensor gradient) = Differentiate(rows, kappa, estimator, leaveOneOut, KernelEvaluation.Composed);
        (double fusedValue, Tensor fusedGradient) = Differentiate(rows, kappa, estimator, leaveOneOut, KernelEvaluation.Fused);
        Assert.That(fusedValue, Is.EqualTo(value).Within(1e-11 * Math.Max(1, Math.Abs(value))));
        Assert.That(RelativeError.Of(fusedGradient, gradient), Is.LessThan(1e-9));
    }

    [Test]
    public void GradientIsThatOfTheValue([Values] EntropyEstimator estimator, [Values] bool leaveOneOut)
    {
        using var scope = NewDisposeScope();
        Tensor rows = Make(Rows.NotUnit, 9, 4), direction = randn_like(rows);
        (_, Tensor gradient) = Differentiate(rows, 3, estimator, leaveOneOut, KernelEvaluation.Fused);
        const double Step = 1e-5;
        double Value(double step) =>
            EntropyReconstruction
                .entropy(rows + step * direction, 3, estimator: estimator, leaveOneOut: leaveOneOut, evaluation: KernelEvaluation.Fused, normalizeInputs: false)
                .item<double>();
        Assert.That((Value(Step) - Value(-Step)) / (2 * Step), Is.EqualTo((gradient * direction).sum().item<double>()).Within(1e-8));
    }

    // 128 rows a band: a whole number of bands, one row more, and one less; and tiles kept, kept in part, and not kept.
    [Test]
    public void BandsAndBudgetDoNotMatter([Values(255, 256, 257, 700)] int k, [Values(0, 300_000, 1L << 30)] long budget)
    {
        using var scope = NewDisposeScope();
        Tensor rows = Make(Rows.Random, k, 8);
        (double value, Tensor gradient) = Differentiate(rows, 10, EntropyEstimator.PlugIn, true, KernelEvaluation.Composed);
        Tensor variable = rows.requires_grad_();
        Tensor entropy = Kernels.Fused(variable, new KernelSettings(new Concentration(10), EntropyEstimator.PlugIn, LeaveOneOut: true, UnitRows: false) { Budget = budget }).Entropy;
        entropy.backward();
        Assert.That(entropy.item<double>() - VonMisesFisher.LogNormalizer(8, 10), Is.EqualTo(value).Within(1e-11));
        Assert.That(RelativeError.Of(variable.grad!, gradient), Is.LessThan(1e-10));
    }

    // Two tiles a band, the second of 108 columns: kept are none, the first, and both.
    [Test]
    public void TheFirstTileThatIsNotKeptMayBeNarrowerThanLaterOnes()
    {
        using var scope = NewDisposeScope();
        Tensor rows = Make(Rows.Random, 8300, 3).to(ScalarType.Float32);
        (float Value, float[] Gradient) Run(long budget)
        {
            Tensor variable = rows.clone().requires_grad_();
            Tensor entropy = Kernels.Fused(variable, new KernelSettings(new Concentration(10), EntropyEstimator.Joe, LeaveOneOut: false, UnitRows: false) { Budget = budget }).Entropy;
            entropy.backward();
            return (entropy.item<float>(), variable.grad!.data<float>().ToArray());
        }
        (float value, float[] gradient) = Run(0);
        foreach (long budget in (long[])[256 * 8192 * 4, 256 * 8300 * 4])
        {
            (float otherValue, float[] otherGradient) = Run(budget);
            Assert.That(otherValue, Is.EqualTo(value));
            Assert.That(otherGradient, Is.EqualTo(gradient));
        }
    }

    [Test]
    public void LearntKappaGetsItsGradient([Values] EntropyEstimator estimator, [Values] Normalizer normalizer)
    {
        using var scope = NewDisposeScope();
        Tensor first = randn(40, 6, ScalarType.Float64), second = first + 0.3 * randn(40, 6, ScalarType.Float64);
        (double Loss, double Slope) Run(KernelEvaluation evaluation)
        {
            using var module = new EntropyReconstructionLoss(new EntropyReconstructionOptions
            {
                LearnKappa = true,
                Kappa = 7,
                Estimator = estimator,
                Normalizer = normalizer,
                EntropyWeight = 0.7,
                Evaluation = evaluation,
            });
            Tensor loss = module.call(first, second);
            loss.backward();
            return (loss.item<double>(), module.parameters().Single().grad!.item<double>());
        }
        (double loss, double slope) = Run(KernelEvaluation.Composed);
        (double fusedLoss, double fusedSlope) = Run(KernelEvaluation.Fused);
        Assert.That(fusedLoss, Is.EqualTo(loss).Within(1e-11));
        Assert.That(fusedSlope, Is.EqualTo(slope).Within(1e-11));
    }

    [Test]
    public void ASecondDerivativeThrows([Values(KernelEvaluation.Fused, KernelEvaluation.Attention)] KernelEvaluation evaluation, [Values] bool isWholeLoss)
    {
        using var scope = NewDisposeScope();
        Tensor rows = Make(Rows.Random, 20, 4).requires_grad_();
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Evaluation = evaluation });
        Tensor entropy = isWholeLoss ? loss.call(rows, rows.flip(0)) : EntropyReconstruction.entropy(rows, evaluation: evaluation, normalizeInputs: false);
        Tensor gradient = autograd.grad([entropy], [rows], create_graph: true)[0];
        Assert.That(() => gradient.square().sum().backward(), Throws.TypeOf<ExternalException>().With.Message.Contains("is not implemented"));
        Assert.That(() => (gradient.sum() + rows.sum()).backward(), Throws.TypeOf<ExternalException>());
    }

    [Test]
    public void WithoutGradientThereIsOnlyTheValue()
    {
        using var scope = NewDisposeScope();
        Tensor rows = Make(Rows.Random, 50, 4), variable = rows.clone().requires_grad_();
        double value = EntropyReconstruction.entropy(rows, evaluation: KernelEvaluation.Composed, normalizeInputs: false).item<double>();
        Tensor constant = EntropyReconstruction.entropy(rows, evaluation: KernelEvaluation.Fused, normalizeInputs: false);
        using (no_grad())
        {
            Tensor unwatched = EntropyReconstruction.entropy(variable, evaluation: KernelEvaluation.Fused, normalizeInputs: false);
            Assert.That(unwatched.requires_grad, Is.False);
            Assert.That(unwatched.item<double>(), Is.EqualTo(value).Within(1e-12));
        }
        Assert.That(constant.requires_grad, Is.False);
        Assert.That(constant.item<double>(), Is.EqualTo(value).Within(1e-12));
    }

    [Test]
    public void NothingIsLeftAliveButTheResult([Values(10, 3000)] double kappa, [Values] bool leaveOneOut)
    {
        using Tensor rows = Make(Rows.Random, 400, 8).requires_grad_();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Tensor entropy = EntropyReconstruction.entropy(rows, kappa, leaveOneOut: leaveOneOut, evaluation: KernelEvaluation.Fused, normalizeInputs: false);
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before + 1));
        entropy.backward();
        entropy.Dispose();
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before));
    }

    [Test]
    public void NotANumberStaysNotANumber([Values(KernelEvaluation.Fused, KernelEvaluation.Attention)] KernelEvaluation evaluation)
    {
        using var scope = NewDisposeScope();
        Tensor rows = Make(Rows.Random, 10, 4);
        rows[3, 1] = double.NaN;
        Assert.That(EntropyReconstruction.entropy(rows.requires_grad_(), evaluation: evaluation, normalizeInputs: false).item<double>(), Is.NaN);
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Evaluation = evaluation });
        loss.call(rows, rows).backward();
        Assert.That(rows.grad!.isnan().all().item<bool>());
    }

    internal static Tensor Make(Rows kind, int k, int d)
    {
        random.manual_seed(k + 31 * d);
        Tensor rows = randn(k, d, ScalarType.Float64);
        rows = kind switch
        {
            Rows.Clustered => randn(4, d, ScalarType.Float64)[arange(k) % 4] + 0.05 * rows,
            Rows.Duplicate => rows[arange(k).div(2, RoundingMode.floor)],
            Rows.Collapsed => rows[..1].expand(k, d),
            Rows.NormsFarApart => rows * logspace(-2, 1, k, dtype: ScalarType.Float64).unsqueeze(1),
            _ => rows,
        };
        return kind is Rows.NotUnit or Rows.NormsFarApart ? rows : nn.functional.normalize(rows, dim: 1);
    }

    private static (double Value, Tensor Gradient) Differentiate(
        Tensor rows, double kappa, EntropyEstimator estimator, bool leaveOneOut, KernelEvaluation evaluation)
    {
        Tensor variable = rows.detach().clone().requires_grad_();
        Tensor entropy = EntropyReconstruction.entropy(variable, kappa, estimator: estimator, leaveOneOut: leaveOneOut, evaluation: evaluation, normalizeInputs: false);
        entropy.backward();
        return (entropy.to(ScalarType.Float64).item<double>(), variable.grad!.to(ScalarType.Float64));
    }
}
