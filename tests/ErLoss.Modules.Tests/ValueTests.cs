using TorchSharp;

namespace ErLoss.Modules.Tests;

/// <summary>Values against the recomputation in plain loops.</summary>
public class ValueTests : TensorTests
{
    [TestCaseSource(typeof(Combinations), nameof(Combinations.Cases))]
    public void AgreeWithRecomputation(EntropyReconstructionOptions options)
    {
        double[,] first = Draw.InputsOf(options, 11, 9, 5);
        double[,] second = Draw.InputsOf(options, 12, 9, 5);
        TermValues.Of(options, first, second).AssertNear(Recomputation.Terms(first, second, options), 1e-12);
    }

    [Test]
    public void OfAnyBatchAgreeWithRecomputation() => RandomCases.Check(_ => true, batch =>
        TermValues.Of(batch.Options, batch.Projection1, batch.Projection2)
            .AssertNear(Recomputation.Terms(batch.Projection1, batch.Projection2, batch.Options), 1e-11));

    [Test]
    public void OfAnyBatchOfOneRowAgreeWithRecomputation([Values] Support support, [Values] EntropyEstimator estimator)
    {
        var options = new EntropyReconstructionOptions { Support = support, Estimator = estimator };
        double[,] first = Draw.Normal(13, 1, 4);
        double[,] second = Draw.Normal(14, 1, 4);
        TermValues.Of(options, first, second).AssertNear(Recomputation.Terms(first, second, options), 1e-12);
    }

    // d = 1000 at κ = 10: a Bessel function of e^-1802.
    [Test]
    public void InHighDimensionAgreeWithRecomputation([Values] EntropyEstimator estimator, [Values] Normalizer normalizer)
    {
        var options = new EntropyReconstructionOptions { Estimator = estimator, Normalizer = normalizer, EntropyWeight = 2 };
        double[,] first = Draw.Normal(15, 20, 1000);
        double[,] second = Draw.Normal(16, 20, 1000);
        TermValues.Of(options, first, second).AssertNear(Recomputation.Terms(first, second, options), 1e-12);
    }

    [Test]
    public void InFloat32AgreeWithRecomputationToItsRounding() => RandomCases.Check(_ => true, batch =>
    {
        using var loss = new EntropyReconstructionLoss(batch.Options);
        using EntropyReconstructionTerms terms =
            loss.terms(batch.Projection1.ToTensor(torch.float32), batch.Projection2.ToTensor(torch.float32));
        TermValues expected = Recomputation.Terms(batch.Projection1, batch.Projection2, batch.Options);
        TermValues.Of(terms).AssertNear(expected, 2e-6 * (1 + batch.Options.Kappa));
    });

    [Test]
    public void OfTheFunctionalFormAgreeWithRecomputationOfInputsAsGiven() => RandomCases.Check(
        options => !options.NormalizeInputs,
        batch =>
        {
            EntropyReconstructionOptions options = batch.Options;
            using var entropy = EntropyReconstruction.entropy(
                batch.Projection1.ToTensor(), options.Kappa, options.Support, options.Estimator, options.Normalizer, options.LeaveOneOut, normalizeInputs: false);
            using var reconstruction = EntropyReconstruction.reconstruction(
                batch.Projection1.ToTensor(), batch.Projection2.ToTensor(), options.Kappa, options.Support, options.Normalizer, normalizeInputs: false);
            TermValues.AssertNear(
                entropy.ToDouble(), Recomputation.Entropy(batch.Projection1, options), 1e-11, "entropy");
            TermValues.AssertNear(
                reconstruction.ToDouble(), Recomputation.Reconstruction(batch.Projection1, batch.Projection2, options), 1e-11, "reconstruction");
        });

    // Rows of lengths other than one: the functional form does not divide by them.
    [Test]
    public void OfTheFunctionalFormTakeRowsOffTheSphereAsTheyAre()
    {
        double[,] rows = Draw.Normal(17, 5, 3);
        var options = new EntropyReconstructionOptions { Kappa = 2, NormalizeInputs = false };
        using var entropy = EntropyReconstruction.entropy(rows.ToTensor(), 2, normalizeInputs: false);
        Assert.That(entropy.ToDouble(), Is.EqualTo(Recomputation.Entropy(rows, options)).Within(1e-12));
        Assert.That(entropy.ToDouble(), Is.Not.EqualTo(Recomputation.Entropy(rows.WithUnitRows(), options)).Within(0.01));
    }

    [TestCase(3, 4)]
    [TestCase(4, 3)]
    public void OfViewsThatAreNotContiguousAreThoseOfTheirCopies(int rows, int columns)
    {
        double[,] first = Draw.Normal(18, columns, rows);
        double[,] second = Draw.Normal(19, columns, rows);
        using var loss = new EntropyReconstructionLoss();
        double ofViews = loss.call(first.ToTensor().t(), second.ToTensor().t()).ToDouble();
        double ofCopies = loss.call(first.ToTensor().t().contiguous(), second.ToTensor().t().contiguous()).ToDouble();
        Assert.That(ofViews, Is.EqualTo(ofCopies).Within(1e-14));
    }
}
