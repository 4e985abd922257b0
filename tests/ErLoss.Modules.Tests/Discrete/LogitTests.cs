using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Logits so far apart that probabilities are smaller than numbers can be: their logarithms stay exact.</summary>
public class LogitTests : TensorTests
{
    // Softmax of (0, -1000): 1 and e^-1000, which is no double. Both rows, so the marginal too.
    [Test]
    public void OfImpossibleClassesGiveExactTerms([Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        using var loss = new EntropyReconstructionLoss(support: Support.Discrete, estimator: EntropyEstimator.Joe);
        Tensor first = new[,] { { 0.0, -1000 }, { 0, -1000 } }.ToTensor(dtype);
        Tensor second = new[,] { { -1000.0, 0 }, { -1000, 0 } }.ToTensor(dtype);

        TermValues values = TermValues.Of(loss.terms(first, second));

        // Joe's −½(log 1 + (−1000)); the cross-entropy −(−1000).
        Assert.That(values.Entropy, Is.EqualTo(500).Within(1e-12));
        Assert.That(values.Reconstruction, Is.EqualTo(1000).Within(1e-12));
        Assert.That(values.Loss, Is.EqualTo(500).Within(1e-12));
    }

    [Test]
    public void OfProbabilitiesOfTenToTheMinus300GiveExactTerms()
    {
        double logit = Math.Log(1e-300);
        var options = new EntropyReconstructionOptions { Support = Support.Discrete, Estimator = EntropyEstimator.Joe };
        double[,] rows = { { 0, logit, logit } };
        TermValues.Of(options, rows, rows).AssertNear(new TermValues(2 / 3.0 * logit, -2 / 3.0 * logit, 0, -2 / 3.0 * logit), 1e-13);
    }

    // ∂/∂logit of the cross-entropy of (0, -1000) with (-1000, 0), both ways: log-probabilities differ by 1000, so each
    // probability's derivative vanishes and each logarithm's stays, softmax less the other's softmax, a half each.
    [Test]
    public void OfImpossibleClassesHaveTheRightGradientOfReconstruction([Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        using var loss = new EntropyReconstructionLoss(support: Support.Discrete, entropyWeight: 0);
        using Tensor first = new[,] { { 0.0, -1000 } }.ToLeaf(dtype);
        loss.call(first, new[,] { { -1000.0, 0 } }.ToTensor(dtype)).backward();
        Assert.That(first.grad!.ToMatrix(), Is.EqualTo(new[,] { { 0.5, -0.5 } }).Within(1e-12));
    }

    // −½(log p̄_1 + log p̄_2) with equal rows: its gradient is softmax less one half, divided between the rows. Logarithms of -1000 have
    // a rounding of 3e-5 in float32, which is that of the weights they give.
    [Test]
    public void OfImpossibleClassesHaveTheRightGradientOfEntropy([Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        using var loss = new EntropyReconstructionLoss(
            support: Support.Discrete, estimator: EntropyEstimator.Joe, entropyWeight: 1, reconstructionWeight: 0);
        using Tensor rows = new[,] { { 0.0, -1000 }, { 0, -1000 } }.ToLeaf(dtype);
        loss.call(rows, rows).backward();
        double tolerance = dtype == ScalarType.Float32 ? 2e-5 : 1e-12;
        Assert.That(rows.grad!.ToMatrix(), Is.EqualTo(new[,] { { -0.25, 0.25 }, { -0.25, 0.25 } }).Within(tolerance));
    }

    [Test]
    public void OfThousandsOverflowNothing([Values] EntropyEstimator estimator, [Values] Normalizer normalizer)
    {
        var options = new EntropyReconstructionOptions { Support = Support.Discrete, Estimator = estimator, Normalizer = normalizer };
        using var loss = new EntropyReconstructionLoss(options);
        using Tensor first = Draw.Normal(1, 6, 5).Select(x => 3e4 * x).ToLeaf(ScalarType.Float32);
        EntropyReconstructionTerms terms = loss.terms(first, Draw.Normal(2, 6, 5).Select(x => 3e4 * x).ToTensor(ScalarType.Float32));
        terms.Loss.backward();
        Assert.That(double.IsFinite(terms.Loss.ToDouble()) && double.IsFinite(terms.Entropy.ToDouble()));
        Assert.That(first.grad!.ToMatrix().Cast<double>(), Has.All.Matches<double>(double.IsFinite));
    }

    // The reference's floor holds for its softmax as well: −log 1e-7 in place of 1000.
    [Test]
    public void OfImpossibleClassesCostTheFloorWithTheReferencesConstants()
    {
        var options = new EntropyReconstructionOptions { Support = Support.Discrete, Normalizer = Normalizer.Reference };
        TermValues values = TermValues.Of(options, new[,] { { 0.0, -1000 } }, new[,] { { -1000.0, 0 } });
        Assert.That(values.Reconstruction, Is.EqualTo(-Math.Log(1e-7)).Within(1e-12));
    }
}
