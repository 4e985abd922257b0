using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Concentrations at the ends of their range: no overflow, no loss of all digits.</summary>
public class ExtremeConcentrationTests : TensorTests
{
    // Cosines are rounded: a term κ·cos has an error of some roundings of κ.
    [Test]
    public void ValuesAgreeWithRecomputationAndGradientsAreFinite(
        [Values(1e-6, 1e6)] double kappa,
        [Values] EntropyEstimator estimator,
        [Values] bool leaveOneOut,
        [Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype,
        [Values] bool learnKappa)
    {
        var options = new EntropyReconstructionOptions
        {
            Kappa = kappa,
            LearnKappa = learnKappa && !leaveOneOut,
            Estimator = estimator,
            LeaveOneOut = leaveOneOut,
        };
        double[,] first = Draw.Normal(1, 6, 8);
        double[,] second = Draw.Normal(2, 6, 8);
        double rounding = dtype == ScalarType.Float32 ? 1e-6 : 1e-14;
        using var loss = new EntropyReconstructionLoss(options);
        using Tensor leaf1 = first.ToLeaf(dtype);
        using Tensor leaf2 = second.ToLeaf(dtype);

        EntropyReconstructionTerms terms = loss.terms(leaf1, leaf2);
        terms.Loss.backward();

        // A relative error of κ's own, e^(log κ), where κ is learnt.
        double tolerance = rounding * (10 + kappa);
        TermValues actual = TermValues.Of(terms);
        TermValues expected = Recomputation.Terms(first, second, options);
        Assert.That(actual.Loss, Is.EqualTo(expected.Loss).Within(tolerance));
        Assert.That(actual.Entropy, Is.EqualTo(expected.Entropy).Within(tolerance));
        Assert.That(actual.Reconstruction, Is.EqualTo(expected.Reconstruction).Within(tolerance));
        Assert.That(actual.MutualInformationBound, Is.EqualTo(expected.MutualInformationBound).Within(tolerance));
        foreach (Tensor leaf in new[] { leaf1, leaf2 })
        {
            Assert.That(leaf.grad!.ToMatrix().Cast<double>(), Has.All.Matches<double>(double.IsFinite));
        }
    }

    // Attention computes with such numbers as tensors, and the two must not change places.
    [Test]
    public void EachTermHasItsOwnSmallConcentration([Values] EntropyEstimator estimator, [Values] bool leaveOneOut, [Values(1e-11, 2)] double kappa, [Values(3e-12, 5)] double reconstructionKappa)
    {
        Tensor first = Draw.Normal(1, 6, 8).ToTensor(), second = Draw.Normal(2, 6, 8).ToTensor();
        Tensor expected = Gradient(KernelEvaluation.Composed), actual = Gradient(KernelEvaluation.Attention);
        Assert.That((actual - expected).norm().ToDouble(), Is.LessThan(1e-12 * expected.norm().ToDouble()));

        Tensor Gradient(KernelEvaluation evaluation)
        {
            using var loss = new EntropyReconstructionLoss(
                new EntropyReconstructionOptions { Kappa = kappa, ReconstructionKappa = reconstructionKappa, Estimator = estimator, LeaveOneOut = leaveOneOut, Evaluation = evaluation });
            Tensor leaf = first.clone().requires_grad_();
            loss.call(leaf, second).backward();
            return leaf.grad!;
        }
    }

    // e^(1e6) is no double: all rows equal, the density is C·e^κ.
    [Test]
    public void EqualRowsAreNoOverflow([Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype, [Values] bool leaveOneOut)
    {
        using var entropy = EntropyReconstruction.entropy(
            Matrix.Create(5, 3, (_, c) => c == 1 ? 1 : 0).ToTensor(dtype), 1e6, leaveOneOut: leaveOneOut, normalizeInputs: false);
        double tolerance = dtype == ScalarType.Float32 ? 0.5 : 1e-9;
        Assert.That(entropy.ToDouble(), Is.EqualTo(-1e6 - VonMisesFisher.LogNormalizer(3, 1e6)).Within(tolerance));
    }

    // The other extreme: rows left out of their own estimate, and all others opposite. e^(-2e6) is zero, its logarithm is not.
    [Test]
    public void OppositeRowsLeftOutAreNoUnderflow([Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        using var entropy = EntropyReconstruction.entropy(new[,] { { 1.0, 0, 0 }, { -1, 0, 0 } }.ToTensor(dtype), 1e6, leaveOneOut: true, normalizeInputs: false);
        double tolerance = dtype == ScalarType.Float32 ? 0.5 : 1e-9;
        Assert.That(entropy.ToDouble(), Is.EqualTo(1e6 - VonMisesFisher.LogNormalizer(3, 1e6)).Within(tolerance));
    }

    // What stands for a row of weight zero sees the kernel of a row that is far from all others as e^(κ) times what that row's own sum is.
    [Test]
    public void RowsOfWeightZeroBesideAnOutlierThatIsLeftOutGiveNoNaN([Values(KernelEvaluation.Fused, KernelEvaluation.Attention)] KernelEvaluation evaluation, [Values] EntropyEstimator estimator)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Kappa = 1000, LeaveOneOut = true, Estimator = estimator, Evaluation = evaluation });
        using Tensor leaf = new[,] { { 1, 0.1, 0 }, { 1, 0, 0.1 }, { 0, 1, 0 }, { -1, 0, 0 } }.ToLeaf(ScalarType.Float32), other = leaf.detach().requires_grad_(true);

        loss.terms(new ProjectedViews(leaf, other) { Mask = tensor([true, true, false, true]) }).Loss.backward();

        Assert.That(leaf.grad!.ToMatrix().Cast<double>(), Has.All.Matches<double>(double.IsFinite));
    }
}
