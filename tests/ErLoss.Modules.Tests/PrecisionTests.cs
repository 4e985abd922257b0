using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Types and devices of results, and what short types are computed in.</summary>
public class PrecisionTests : TensorTests
{
    private static readonly EntropyReconstructionOptions[] Kinds =
    [
        new() { EntropyWeight = 2 },
        new() { EntropyWeight = 2, LearnKappa = true },
        new() { EntropyWeight = 2, Support = Support.Discrete },
    ];

    [Test]
    public void ShortTypesGiveTheFloat32ResultOfTheirRoundedValues(
        [Values(ScalarType.Float16, ScalarType.BFloat16)] ScalarType dtype,
        [ValueSource(nameof(Kinds))] EntropyReconstructionOptions options)
    {
        using var loss = new EntropyReconstructionLoss(options);
        Tensor first = Draw.Normal(1, 8, 16).ToTensor(dtype);
        Tensor second = Draw.Normal(2, 8, 16).ToTensor(dtype);

        EntropyReconstructionTerms terms = loss.terms(first, second);

        Assert.That(Each(terms).Select(term => term.dtype), Has.All.EqualTo(ScalarType.Float32));
        EntropyReconstructionTerms single = loss.terms(first.to(ScalarType.Float32), second.to(ScalarType.Float32));
        TermValues.Of(terms).AssertNear(TermValues.Of(single), 1e-6);
    }

    [Test]
    public void TermsHaveTheTypeOfTheProjections(
        [Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype, [Values] Support support, [Values] Normalizer normalizer)
    {
        foreach (double weight in new[] { 1.0, 2.0 })
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
            {
                Support = support,
                Normalizer = normalizer,
                EntropyWeight = weight,
                LearnKappa = support == Support.Sphere,
            });
            EntropyReconstructionTerms terms = loss.terms(Draw.Normal(1, 5, 4).ToTensor(dtype), Draw.Normal(2, 5, 4).ToTensor(dtype));
            Assert.That(Each(terms).Select(term => term.dtype), Has.All.EqualTo(dtype));
            Assert.That(Each(terms).Select(term => term.dim()), Has.All.EqualTo(0));
        }
    }

    [TestCase(ScalarType.Float16, ScalarType.Float32)]
    [TestCase(ScalarType.BFloat16, ScalarType.Float32)]
    [TestCase(ScalarType.Float32, ScalarType.Float32)]
    [TestCase(ScalarType.Float64, ScalarType.Float64)]
    public void FunctionalFormHasTheTypeOfTheEmbeddingsFloat32AtLeast(ScalarType dtype, ScalarType expected)
    {
        Tensor rows = Draw.Probabilities(3, 5, 4).ToTensor(dtype);
        foreach (Support support in Enum.GetValues<Support>())
        {
            Assert.That(EntropyReconstruction.entropy(rows, support: support, normalizeInputs: false).dtype, Is.EqualTo(expected));
            Assert.That(EntropyReconstruction.reconstruction(rows, rows, support: support, normalizeInputs: false).dtype, Is.EqualTo(expected));
        }
    }

    [Test]
    public void GradientsFlowToShortTypesAndAreThoseOfFloat32Rounded(
        [Values(ScalarType.Float16, ScalarType.BFloat16)] ScalarType dtype, [Values] Support support)
    {
        using var loss = new EntropyReconstructionLoss(support: support);
        using Tensor brief = Draw.Normal(1, 8, 16).ToLeaf(dtype);
        using Tensor single = brief.detach().to(ScalarType.Float32).requires_grad_();
        Tensor second = Draw.Normal(2, 8, 16).ToTensor(dtype);

        loss.call(brief, second).backward();
        loss.call(single, second.to(ScalarType.Float32)).backward();

        Assert.That(brief.grad!.dtype, Is.EqualTo(dtype));
        double largest = single.grad!.abs().max().ToDouble();
        double rounding = dtype == ScalarType.Float16 ? 1e-3 : 8e-3;
        Assert.That(largest, Is.GreaterThan(0.01));
        Assert.That(brief.grad!.ToMatrix(), Is.EqualTo(single.grad!.ToMatrix()).Within(rounding * largest));
    }

    // Squares and κ·cos are beyond half's largest number, 65,504.
    [Test]
    public void ShortTypesDoNotOverflowWhereTheirOwnArithmeticWould()
    {
        Tensor rows = Matrix.Create(4, 4, (i, c) => i == c ? 30000 : 30000.0 / (1 + i)).ToTensor(ScalarType.Float16);
        using var loss = new EntropyReconstructionLoss(kappa: 1e5);
        Assert.That(double.IsFinite(loss.call(rows, rows).ToDouble()));
    }

    [Test]
    public void WithoutGradTermsCarryNoGradientAndHaveTheSameValues([Values] Support support, [Values] bool leaveOneOut)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Support = support, LeaveOneOut = leaveOneOut });
        using Tensor first = Draw.Normal(1, 5, 4).ToLeaf();
        using Tensor second = Draw.Normal(2, 5, 4).ToLeaf();
        EntropyReconstructionTerms with = loss.terms(first, second);
        using IDisposable noGrad = no_grad();
        EntropyReconstructionTerms without = loss.terms(first, second);
        bool isBoundApart = leaveOneOut && support == Support.Sphere; // from the plain estimate, without gradient
        Assert.That(Each(with).Select(term => term.requires_grad), Is.EqualTo([true, true, true, !isBoundApart]));
        Assert.That(Each(without).Select(term => term.requires_grad), Has.All.False);
        TermValues.Of(without).AssertNear(TermValues.Of(with), 1e-14);
    }

    [Test]
    public void InputsAreLeftAsTheyWere([Values] Support support, [Values] bool normalizeInputs)
    {
        var options = new EntropyReconstructionOptions { Support = support, LeaveOneOut = true, NormalizeInputs = normalizeInputs };
        using var loss = new EntropyReconstructionLoss(options);
        double[,] first = Draw.InputsOf(options, 1, 5, 4);
        double[,] second = Draw.InputsOf(options, 2, 5, 4);
        (Tensor tensor1, Tensor tensor2) = (first.ToTensor(), second.ToTensor());
        loss.call(tensor1, tensor2);
        Assert.That(tensor1.ToMatrix(), Is.EqualTo(first));
        Assert.That(tensor2.ToMatrix(), Is.EqualTo(second));
    }

    // With a graphics processor there, on that as well.
    [TestCaseSource(nameof(Kinds))]
    public void TermsAreOnTheDeviceOfTheProjectionsAndAgreeWithRecomputation(EntropyReconstructionOptions options)
    {
        Device[] devices = cuda.is_available() ? [CPU, CUDA] : [CPU];
        double[,] first = Draw.Normal(1, 5, 4);
        double[,] second = Draw.Normal(2, 5, 4);
        foreach (Device device in devices)
        {
            using var loss = new EntropyReconstructionLoss(options);
            using EntropyReconstructionTerms terms = loss.terms(first.ToTensor().to(device), second.ToTensor().to(device));
            Assert.That(Each(terms).Select(term => term.device_type), Has.All.EqualTo(device.type));
            TermValues.Of(terms).AssertNear(Recomputation.Terms(first, second, options), 1e-11);
        }
    }

    private static Tensor[] Each(EntropyReconstructionTerms terms) =>
        [terms.Loss, terms.Entropy, terms.Reconstruction, terms.MutualInformationBound];
}
