using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>What the choice of normaliser changes, and what it must not.</summary>
public class NormalizerTests : TensorTests
{
    [Test]
    public void DoesNotMoveGradientsInProjections(
        [Values] EntropyEstimator estimator, [Values] bool leaveOneOut, [Values(1.0, 3.0)] double entropyWeight)
    {
        double[,] GradientWith(Normalizer normalizer)
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
            {
                Estimator = estimator,
                LeaveOneOut = leaveOneOut,
                EntropyWeight = entropyWeight,
                Normalizer = normalizer,
            });
            using Tensor leaf = Draw.Normal(1, 8, 128).ToLeaf();
            loss.call(leaf, Draw.Normal(2, 8, 128).ToTensor()).backward();
            return leaf.grad!.ToMatrix();
        }
        Assert.That(GradientWith(Normalizer.Reference), Is.EqualTo(GradientWith(Normalizer.Exact)).Within(1e-14));
    }

    [Test]
    public void DoesNotMoveLossOfEqualWeightsNorBound()
    {
        (TermValues exact, TermValues reference) = Both(new EntropyReconstructionOptions());
        Assert.That(reference.Loss, Is.EqualTo(exact.Loss).Within(1e-12));
        Assert.That(reference.MutualInformationBound, Is.EqualTo(exact.MutualInformationBound).Within(1e-12));
    }

    [Test]
    public void MovesBothTermsByTheDifferenceOfTheConstants()
    {
        (TermValues exact, TermValues reference) = Both(new EntropyReconstructionOptions { EntropyWeight = 3 });
        double difference = VonMisesFisher.LogNormalizer(128, 10) - Recomputation.LogNormalizer(128, 10, Normalizer.Reference);
        Assert.That(difference, Is.EqualTo(99.23 - 16.118).Within(0.01));
        Assert.That(reference.Entropy - exact.Entropy, Is.EqualTo(difference).Within(1e-11));
        Assert.That(reference.Reconstruction - exact.Reconstruction, Is.EqualTo(difference).Within(1e-11));
        Assert.That(reference.Loss - exact.Loss, Is.EqualTo(-2 * difference).Within(1e-11));
    }

    [Test]
    public void MovesTheGradientInLearntKappa()
    {
        double GradientWith(Normalizer normalizer)
        {
            using var loss = new EntropyReconstructionLoss(
                new EntropyReconstructionOptions { LearnKappa = true, EntropyWeight = 3, Normalizer = normalizer });
            loss.call(Draw.Normal(1, 8, 128).ToTensor(), Draw.Normal(2, 8, 128).ToTensor()).backward();
            return loss.get_parameter("log_kappa")!.grad!.ToDouble();
        }
        double difference = GradientWith(Normalizer.Reference) - GradientWith(Normalizer.Exact);

        // 2·κ·∂/∂κ of the difference of the constants; the reference's Bessel function is its floor, so its slope is ν/κ = 63/10.
        Assert.That(difference, Is.EqualTo(20 * (6.3 + VonMisesFisher.MeanResultantLength(128, 10))).Within(1e-10));
    }

    private static (TermValues Exact, TermValues Reference) Both(EntropyReconstructionOptions options)
    {
        double[,] first = Draw.Normal(1, 8, 128);
        double[,] second = Draw.Normal(2, 8, 128);
        return (
            TermValues.Of(options with { Normalizer = Normalizer.Exact }, first, second),
            TermValues.Of(options with { Normalizer = Normalizer.Reference }, first, second));
    }
}
