using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>
/// The loss computes where its inputs are, whatever device torch makes tensors on by default: with the meta device as that default, whose
/// tensors hold no values, a tensor of the wrong device shows.
/// </summary>
[NonParallelizable]
public class DefaultDeviceTests : TensorTests
{
    [Test]
    public void DoesNotMatter(
        [Values] Support support,
        [Values] EntropyEstimator estimator,
        [Values] KernelEvaluation evaluation,
        [Values] bool leaveOneOut,
        [Values] bool learnKappa,
        [Values] Normalizer normalizer)
    {
        var options = new EntropyReconstructionOptions
        {
            Support = support,
            Estimator = estimator,
            Evaluation = evaluation,
            LeaveOneOut = leaveOneOut,
            LearnKappa = learnKappa && !leaveOneOut && support == Support.Sphere,
            Normalizer = normalizer,
            EntropyWeight = 0.7,
        };
        Tensor first = Draw.Probabilities(1, 20, 6).ToLeaf(), second = Draw.Probabilities(2, 20, 6).ToTensor();
        using var loss = new EntropyReconstructionLoss(options);
        (TermValues terms, double entropy, double reconstruction, double[,] gradient) = Compute();
        WithDefault(new Device("meta"), () =>
        {
            Assert.That(zeros(2).device_type, Is.EqualTo(DeviceType.META), "the default is another");
            (TermValues otherTerms, double otherEntropy, double otherReconstruction, double[,] otherGradient) = Compute();
            Assert.That((otherTerms, otherEntropy, otherReconstruction), Is.EqualTo((terms, entropy, reconstruction)));
            Assert.That(otherGradient, Is.EqualTo(gradient));
        });
        Assert.That(double.IsFinite(terms.Loss) && double.IsFinite(entropy) && double.IsFinite(reconstruction));

        (TermValues, double, double, double[,]) Compute()
        {
            first.grad?.zero_();
            EntropyReconstructionTerms terms = loss.terms(first, second);
            (terms.Loss + terms.MutualInformationBound * 0.3).backward();
            return (
                TermValues.Of(terms),
                EntropyReconstruction.entropy(second, 3, support, estimator, normalizer, leaveOneOut, evaluation, normalizeInputs: false).ToDouble(),
                EntropyReconstruction.reconstruction(first, second, 3, support, normalizer, normalizeInputs: false).ToDouble(),
                first.grad!.ToMatrix());
        }
    }

    // κ beyond what float32 exponents hold, row by row and with a shift, and products in bfloat16.
    [Test]
    public void DoesNotMatterForLargeKappaNorForRoundedProducts([Values(10, 100, 3000)] double kappa, [Values] bool leaveOneOut)
    {
        var options = new EntropyReconstructionOptions
        {
            Kappa = kappa,
            LeaveOneOut = leaveOneOut,
            Evaluation = KernelEvaluation.Fused,
            ProductPrecision = ProductPrecision.BFloat16,
        };
        using var loss = new EntropyReconstructionLoss(options);
        Tensor first = Draw.Normal(1, 20, 6).ToTensor(ScalarType.Float32), second = Draw.Normal(2, 20, 6).ToLeaf(ScalarType.Float32);
        double value = loss.call(first, second).ToDouble(), other = double.NaN;
        WithDefault(new Device("meta"), () => other = loss.call(first, second).ToDouble());
        Assert.That(double.IsFinite(value));
        Assert.That(other, Is.EqualTo(value));
    }

    [Test]
    public void DoesNotMatterForWhatCountsNorForKappasThatAreLearnt([Values] Support support, [Values] bool learnKappa)
    {
        bool isSphere = support == Support.Sphere;
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
        {
            Support = support,
            LearnKappa = isSphere && learnKappa,
            ReconstructionKappa = isSphere && !learnKappa ? 5 : null,
            LearnReconstructionKappa = isSphere && !learnKappa,
            MaxKappa = isSphere ? 20 : null,
        });
        var views = new ProjectedViews(Draw.Normal(1, 4, 3).ToTensor(), Draw.Normal(2, 4, 3).ToTensor())
        {
            Weights = tensor(new[] { 1, 0.5, 2, 3 }),
            Mask = tensor(new[] { true, true, false, true }),
            Labels = tensor(new long[] { 1, 2, 1, 1 }),
            Centers = isSphere ? [] : [new Centers(Draw.Probabilities(3, 2, 3).ToTensor())],
        };
        TermValues values = TermValues.Of(loss.terms(views)), others = default;
        WithDefault(new Device("meta"), () => others = TermValues.Of(loss.terms(views)));
        Assert.That(double.IsFinite(values.Loss));
        Assert.That(others, Is.EqualTo(values));
    }

    private static void WithDefault(Device device, Action action)
    {
        Device before = get_default_device();
        set_default_device(device);
        try
        {
            action();
        }
        finally
        {
            set_default_device(before);
        }
    }
}
