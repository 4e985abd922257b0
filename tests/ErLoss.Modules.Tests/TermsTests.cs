using TorchSharp;

namespace ErLoss.Modules.Tests;

/// <summary>How the four terms and the two forms of the loss hang together.</summary>
public class TermsTests : TensorTests
{
    [Test]
    public void LossIsWeightedReconstructionLessWeightedEntropy() => RandomCases.Check(_ => true, batch =>
    {
        TermValues values = TermValues.Of(batch.Options, batch.Projection1, batch.Projection2);
        double expected = batch.Options.ReconstructionWeight * values.Reconstruction - batch.Options.EntropyWeight * values.Entropy;
        Assert.That(values.Loss, Is.EqualTo(expected).Within(1e-10));
    });

    [Test]
    public void BoundIsThePlainEntropyLessReconstructionWhateverTheWeights() => RandomCases.Check(_ => true, batch =>
    {
        TermValues values = TermValues.Of(batch.Options, batch.Projection1, batch.Projection2);
        TermValues plain = TermValues.Of(batch.Options with { LeaveOneOut = false }, batch.Projection1, batch.Projection2);
        Assert.That(values.MutualInformationBound, Is.EqualTo(plain.Entropy - values.Reconstruction).Within(1e-10));
        EntropyReconstructionOptions reweighted = batch.Options with { EntropyWeight = 3, ReconstructionWeight = 0 };
        Assert.That(
            TermValues.Of(reweighted, batch.Projection1, batch.Projection2).MutualInformationBound,
            Is.EqualTo(values.MutualInformationBound).Within(1e-10));
    });

    [Test]
    public void WeightOfZeroLeavesTheOtherTermAlone([Values] Support support)
    {
        double[,] first = Draw.Normal(21, 5, 4);
        double[,] second = Draw.Normal(22, 5, 4);
        TermValues entropyOnly = TermValues.Of(
            new EntropyReconstructionOptions { Support = support, ReconstructionWeight = 0 }, first, second);
        TermValues reconstructionOnly = TermValues.Of(
            new EntropyReconstructionOptions { Support = support, EntropyWeight = 0 }, first, second);
        Assert.That(entropyOnly.Loss, Is.EqualTo(-entropyOnly.Entropy).Within(1e-13));
        Assert.That(reconstructionOnly.Loss, Is.EqualTo(reconstructionOnly.Reconstruction).Within(1e-13));
        using var neither = new EntropyReconstructionLoss(support: support, entropyWeight: 0, reconstructionWeight: 0);
        using torch.Tensor leaf = first.ToLeaf();
        neither.call(leaf, second.ToTensor()).backward();
        neither.terms(leaf, second.ToTensor()).Loss.backward();
        Assert.That(neither.call(leaf, leaf).ToDouble(), Is.Zero);
        Assert.That(leaf.grad!.ToMatrix(), Is.EqualTo(new double[5, 4]));
    }

    // The entropy of rows as they are given reads a value back, which throws on the meta device.
    [Test]
    public void ATermOfWeightZeroIsNotComputed()
    {
        var options = new EntropyReconstructionOptions { NormalizeInputs = false, Evaluation = KernelEvaluation.Fused };
        torch.Tensor meta = torch.empty(9, 4, device: new torch.Device("meta"));
        using var loss = new EntropyReconstructionLoss(options with { EntropyWeight = 0 });
        Assert.That(loss.call(meta, meta).dim(), Is.Zero);
        Assert.That(() => loss.terms(meta, meta), Throws.InstanceOf<System.Runtime.InteropServices.ExternalException>(), "what is asked for is computed");
    }

    // An entropy of −∞ and a reconstruction of zero.
    [Test]
    public void AnInfiniteTermOfWeightZeroLeavesTheLossANumber([Values(KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention)] KernelEvaluation evaluation)
    {
        using var loss = new EntropyReconstructionLoss(
            new EntropyReconstructionOptions { NormalizeInputs = false, EntropyWeight = 0, Normalizer = Normalizer.Exact, Evaluation = evaluation });
        torch.Tensor first = new[,] { { 1e30, 0 }, { 1e30, 0 } }.ToLeaf(torch.float32), second = new[,] { { 0, 1e30 }, { 0, 1e30 } }.ToTensor(torch.float32);
        EntropyReconstructionTerms terms = loss.terms(first, second);
        Assert.That(double.IsFinite(terms.Entropy.ToDouble()), Is.False);
        Assert.That(terms.Loss.ToDouble(), Is.EqualTo(terms.Reconstruction.ToDouble()));
        Assert.That(loss.call(first, second).ToDouble(), Is.EqualTo(terms.Reconstruction.ToDouble()).And.Not.NaN);
        terms.Loss.backward();
        Assert.That(first.grad!.isfinite().all().item<bool>());
    }

    [TestCaseSource(typeof(Combinations), nameof(Combinations.Cases))]
    public void ForwardGivesTheLossOfTerms(EntropyReconstructionOptions options)
    {
        using var loss = new EntropyReconstructionLoss(options);
        var first = Draw.InputsOf(options, 23, 5, 4).ToTensor();
        var second = Draw.InputsOf(options, 24, 5, 4).ToTensor();
        Assert.That(loss.forward(first, second).ToDouble(), Is.EqualTo(loss.terms(first, second).Loss.ToDouble()));
        Assert.That(loss.call(first, second).shape, Is.Empty);
    }

    [Test]
    public void ModuleIsTheFunctionalFormInTheSameWords(
        [Values] Support support, [Values] EntropyEstimator estimator, [Values] bool leaveOneOut, [Values] bool normalizeInputs)
    {
        var options = new EntropyReconstructionOptions
        {
            Kappa = 7,
            Support = support,
            Estimator = estimator,
            LeaveOneOut = leaveOneOut,
            NormalizeInputs = normalizeInputs,
        };
        double[,] first = Draw.InputsOf(options, 25, 6, 4);
        double[,] second = Draw.InputsOf(options, 26, 6, 4);
        TermValues values = TermValues.Of(options, first, second);
        Assert.That(
            values.Entropy,
            Is.EqualTo((Entropy(first) + Entropy(second)) / 2).Within(1e-13));
        Assert.That(
            values.Reconstruction,
            Is.EqualTo(EntropyReconstruction.reconstruction(first.ToTensor(), second.ToTensor(), 7, support, normalizeInputs: normalizeInputs).ToDouble()).Within(1e-13));

        double Entropy(double[,] view) => EntropyReconstruction.entropy(view.ToTensor(), 7, support, estimator, leaveOneOut: leaveOneOut, normalizeInputs: normalizeInputs).ToDouble();
    }

    // Logits are logits in both forms when nothing is said of them, and never probabilities.
    [Test]
    public void ModuleIsTheFunctionalFormByDefault([Values] Support support)
    {
        torch.Tensor first = Draw.Normal(29, 6, 4).ToTensor(), second = Draw.Normal(30, 6, 4).ToTensor();
        using var loss = new EntropyReconstructionLoss(support: support);
        EntropyReconstructionTerms terms = loss.terms(first, second);
        double Entropy(torch.Tensor view) => EntropyReconstruction.entropy(view, support: support).ToDouble();
        Assert.That((Entropy(first) + Entropy(second)) / 2, Is.EqualTo(terms.Entropy.ToDouble()).Within(1e-14));
        Assert.That(EntropyReconstruction.reconstruction(first, second, support: support).ToDouble(), Is.EqualTo(terms.Reconstruction.ToDouble()).Within(1e-14));
    }

    [Test]
    public void ShortConstructorIsTheOptionsWithTheSameValues()
    {
        using var loss = new EntropyReconstructionLoss(3, Support.Discrete, EntropyEstimator.Joe, 0.5, 2);
        Assert.That(loss.Options, Is.EqualTo(new EntropyReconstructionOptions
        {
            Kappa = 3,
            Support = Support.Discrete,
            Estimator = EntropyEstimator.Joe,
            EntropyWeight = 0.5,
            ReconstructionWeight = 2,
        }));
    }

    [Test]
    public void TheyDeconstructIntoAllFourAndDisposingThemDisposesThese()
    {
        using var loss = new EntropyReconstructionLoss();
        EntropyReconstructionTerms terms = loss.terms(Draw.Normal(27, 3, 4).ToTensor(), Draw.Normal(28, 3, 4).ToTensor());
        (torch.Tensor value, torch.Tensor entropy, torch.Tensor reconstruction, torch.Tensor bound) = terms;
        Assert.That(
            new[] { value, entropy, reconstruction, bound },
            Is.EqualTo(new[] { terms.Loss, terms.Entropy, terms.Reconstruction, terms.MutualInformationBound }).Using<torch.Tensor>(ReferenceEquals));
        terms.Dispose();
        Assert.That(
            new[] { terms.Loss, terms.Entropy, terms.Reconstruction, terms.MutualInformationBound },
            Has.All.Property(nameof(torch.Tensor.IsInvalid)).True);
    }
}
