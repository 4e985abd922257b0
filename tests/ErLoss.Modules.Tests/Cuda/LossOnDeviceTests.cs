using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>
/// The loss on a GPU: values against the recomputation in double loops, gradients against the composed form in float64 on the CPU, which
/// central differences stand behind.
/// </summary>
public class LossOnDeviceTests : CudaTests
{
    private const int Rows = 600, Columns = 16;

    private static readonly double[,] First = Draw.Normal(1, Rows, Columns);
    private static readonly double[,] Second = Draw.Normal(2, Rows, Columns);

    private static IEnumerable<EntropyReconstructionOptions> Settings() =>
        from support in Enum.GetValues<Support>()
        from estimator in Enum.GetValues<EntropyEstimator>()
        from evaluation in support == Support.Sphere ? (Evaluation[])[Evaluation.Fused, Evaluation.Composed] : [Evaluation.Auto]
        from leaveOneOut in support == Support.Sphere ? (bool[])[false, true] : [false]
        from learnKappa in support == Support.Sphere ? (bool[])[false, true] : [false]
        select new EntropyReconstructionOptions
        {
            Support = support,
            Estimator = estimator,
            Evaluation = evaluation,
            LeaveOneOut = leaveOneOut,
            LearnKappa = learnKappa,
            EntropyWeight = 0.7,
        };

    [Test]
    public void TermsAndGradientsAreTheCpus(
        [ValueSource(nameof(Settings))] EntropyReconstructionOptions options,
        [Values(ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        (double tolerance, double gradientTolerance) = dtype switch
        {
            ScalarType.Float64 => (1e-11, 1e-10),
            ScalarType.Float32 => (1e-5, 1e-4),
            ScalarType.Float16 => (1e-5, 1e-3),
            _ => (1e-5, 8e-3),
        };
        Tensor first = First.ToTensor(dtype), second = Second.ToTensor(dtype);

        Outcome truth = Run(options with { Evaluation = Evaluation.Composed }, first.to(ScalarType.Float64), second.to(ScalarType.Float64), CPU);
        Outcome outcome = Run(options, first, second, Device);

        outcome.Terms.AssertNear(Recomputation.Terms(first.ToMatrix(), second.ToMatrix(), options), tolerance);
        Assert.That(RelativeError.Of(outcome.Gradient1, truth.Gradient1), Is.LessThan(gradientTolerance));
        Assert.That(RelativeError.Of(outcome.Gradient2, truth.Gradient2), Is.LessThan(gradientTolerance));
        if (options.LearnKappa)
        {
            Assert.That(outcome.KappaGradient, Is.EqualTo(truth.KappaGradient).Within(10 * tolerance * Math.Max(1, Math.Abs(truth.KappaGradient!.Value))));
        }
    }

    // A GPU's tiles are 2,048 by 8,192: several bands; tiles kept and not kept, the first that is not narrower than later ones.
    [TestCase(5000, ScalarType.Float64, 1e-11)]
    [TestCase(5000, ScalarType.Float32, 1e-5)]
    [TestCase(13_000, ScalarType.Float32, 1e-5)]
    public void SeveralTilesAreAsGoodAsOne(int k, ScalarType dtype, double tolerance)
    {
        random.manual_seed(k);
        Tensor truthRows = nn.functional.normalize(randn(k, 8, ScalarType.Float64), dim: 1).requires_grad_();
        Tensor truth = EntropyReconstruction.entropy(truthRows, evaluation: Evaluation.Fused);
        truth.backward();

        Tensor rows = truthRows.detach().to(dtype).to(Device).requires_grad_();
        Tensor entropy = EntropyReconstruction.entropy(rows, evaluation: Evaluation.Fused);
        entropy.backward();
        TermValues.AssertNear(entropy.ToDouble(), truth.ToDouble(), tolerance, "entropy");
        Assert.That(RelativeError.Of(rows.grad!, truthRows.grad!), Is.LessThan(10 * tolerance));
    }

    [Test]
    public void LargeKappaIsComputedWithAShiftOrRowByRow([Values(100, 3000)] double kappa, [Values] bool leaveOneOut)
    {
        var options = new EntropyReconstructionOptions { Kappa = kappa, LeaveOneOut = leaveOneOut, Evaluation = Evaluation.Fused };
        Tensor first = First.ToTensor(), second = Second.ToTensor();
        Outcome truth = Run(options with { Evaluation = Evaluation.Composed }, first, second, CPU);
        Outcome outcome = Run(options, first.to(ScalarType.Float32), second.to(ScalarType.Float32), Device);
        TermValues.AssertNear(outcome.Terms.Loss, truth.Terms.Loss, 1e-5, "loss");
        Assert.That(RelativeError.Of(outcome.Gradient1, truth.Gradient1), Is.LessThan(1e-3));
    }

    [Test]
    public void FunctionalFormIsTheCpus([Values] Support support, [Values] EntropyEstimator estimator, [Values] Normalizer normalizer)
    {
        var options = new EntropyReconstructionOptions { Support = support, Estimator = estimator, Normalizer = normalizer, NormalizeInputs = false };
        double[,] first = Draw.InputsOf(options, 1, Rows, Columns), second = Draw.InputsOf(options, 2, Rows, Columns);
        Tensor rows1 = first.ToTensor().to(Device), rows2 = second.ToTensor().to(Device);
        Tensor entropy = EntropyReconstruction.entropy(rows1, support: support, estimator: estimator, normalizer: normalizer);
        Tensor reconstruction = EntropyReconstruction.reconstruction(rows1, rows2, support: support, normalizer: normalizer);
        Assert.That((entropy.device_type, reconstruction.device_type), Is.EqualTo((Device.type, Device.type)));
        TermValues.AssertNear(entropy.ToDouble(), Recomputation.Entropy(first, options), 1e-11, "entropy");
        TermValues.AssertNear(reconstruction.ToDouble(), Recomputation.Reconstruction(first, second, options), 1e-11, "reconstruction");
    }

    [Test]
    public void RowsAgainstOtherColumnsAreTheCpus([Values] EntropyEstimator estimator, [Values(null, 300)] int? own)
    {
        Tensor columns = Draw.UnitRows(3, 2000, Columns).ToTensor(), rows = own is int at ? columns[at..(at + Rows)] : First.ToTensor();
        (double value, Tensor rowGradient, Tensor columnGradient) = Differentiate(CPU);
        Assert.That(double.IsFinite(value));
        (double otherValue, Tensor otherRowGradient, Tensor otherColumnGradient) = Differentiate(Device);
        TermValues.AssertNear(otherValue, value, 1e-11, "entropy");
        Assert.That(RelativeError.Of(otherRowGradient, rowGradient), Is.LessThan(1e-10));
        Assert.That(RelativeError.Of(otherColumnGradient, columnGradient), Is.LessThan(1e-10));

        (double, Tensor, Tensor) Differentiate(Device device)
        {
            Tensor z = rows.clone().to(device).requires_grad_(), y = columns.clone().to(device).requires_grad_();
            Tensor entropy = FusedKernelEntropy.Relative(z, y, new Concentration(10), estimator, own, leaveOneOut: true);
            entropy.backward();
            return (entropy.ToDouble(), z.grad!, y.grad!);
        }
    }

    [Test]
    public void StepsLeaveNothingAlive([ValueSource(nameof(Settings))] EntropyReconstructionOptions options)
    {
        using var loss = new EntropyReconstructionLoss(options);
        loss.to(Device);
        using Tensor first = First.ToTensor(ScalarType.Float32).to(Device).requires_grad_();
        using Tensor second = Second.ToTensor(ScalarType.Float32).to(Device);
        Step(); // gradients come to be
        long before = LiveTensors.Count;
        for (int step = 0; step < 5; step++)
        {
            Step();
        }
        Assert.That(LiveTensors.Count, Is.EqualTo(before));

        void Step()
        {
            using var scope = NewDisposeScope();
            loss.call(first, second).backward();
            first.grad!.zero_();
        }
    }

    private static Outcome Run(EntropyReconstructionOptions options, Tensor first, Tensor second, Device device)
    {
        using var loss = new EntropyReconstructionLoss(options);
        loss.to(device);
        Tensor projection1 = first.detach().clone().to(device).requires_grad_(), projection2 = second.detach().clone().to(device).requires_grad_();
        using EntropyReconstructionTerms terms = loss.terms(projection1, projection2);
        Assert.That(terms.Loss.device_type, Is.EqualTo(device.type));
        terms.Loss.backward();
        Tensor? logKappa = options.LearnKappa ? loss.get_parameter("log_kappa") : null;
        Assert.That(logKappa?.device_type, Is.Null.Or.EqualTo(device.type));
        return new Outcome(TermValues.Of(terms), projection1.grad!, projection2.grad!, logKappa?.grad!.ToDouble());
    }

    private sealed record Outcome(TermValues Terms, Tensor Gradient1, Tensor Gradient2, double? KappaGradient);
}
