using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>d = 65,536: constants of 10⁵ nats, under which float32 has no digits left for the loss.</summary>
public class HugeDimensionTests : TensorTests
{
    private const int Dimension = 65536;
    private const double Kappa = 10;

    [Test]
    public void LossOfEqualWeightsAndBoundKeepFloat32sPrecisionOfKappa([Values] EntropyEstimator estimator, [Values] bool learnKappa)
    {
        var options = new EntropyReconstructionOptions { Kappa = Kappa, Estimator = estimator, LearnKappa = learnKappa };
        using var loss = new EntropyReconstructionLoss(options);
        using Tensor first = Draw.Normal(1, 4, Dimension).ToTensor(ScalarType.Float32);
        using Tensor second = first + 0.5 * Draw.Normal(2, 4, Dimension).ToTensor(ScalarType.Float32);

        TermValues single = TermValues.Of(loss.terms(first, second));
        TermValues twice = TermValues.Of(loss.terms(first.to(ScalarType.Float64), second.to(ScalarType.Float64)));

        const double RoundingOfKappa = 4e-7 * Kappa;
        Assert.That(twice.Entropy, Is.Not.NaN.And.LessThan(-1e5), "the constants are large, so that the test says something");
        Assert.That(single.Loss, Is.EqualTo(twice.Loss).Within(RoundingOfKappa));
        Assert.That(single.MutualInformationBound, Is.EqualTo(twice.MutualInformationBound).Within(RoundingOfKappa));
        Assert.That(single.Entropy, Is.EqualTo(twice.Entropy).Within(2e-7 * Math.Abs(twice.Entropy)));
    }
}
