using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Batches of distributions whose terms are known in closed form.</summary>
public class DiscreteClosedFormTests : TensorTests
{
    private const double Tolerance = 1e-14;
    private static readonly double LogSmallest = Math.Log(2.2250738585072014e-308);

    [Test]
    public void UniformRowsHaveTheMostEntropy([Values] EntropyEstimator estimator, [Values(1, 2, 10)] int classes)
    {
        double[,] rows = Matrix.Create(3, classes, (_, _) => 1.0 / classes);
        Assert.That(Entropy(rows, estimator), Is.EqualTo(Math.Log(classes)).Within(Tolerance));
        Assert.That(Reconstruction(rows, rows), Is.EqualTo(Math.Log(classes)).Within(Tolerance));
    }

    // One row each class: the marginal is uniform, and every row tells its class for certain.
    [Test]
    public void OneHotRowsOfAllClassesHaveTheMostEntropyAndNoReconstructionError([Values] EntropyEstimator estimator)
    {
        double[,] rows = Matrix.Identity(6);
        Assert.That(Entropy(rows, estimator), Is.EqualTo(Math.Log(6)).Within(Tolerance));
        Assert.That(Reconstruction(rows, rows), Is.Zero.Within(Tolerance));
    }

    [Test]
    public void OneHotRowsOfOneClassHaveNoEntropy() =>
        Assert.That(Entropy(Matrix.Create(4, 5, (_, c) => c == 2 ? 1 : 0), EntropyEstimator.PlugIn), Is.Zero.Within(Tolerance));

    // Joe's is the cross-entropy of the uniform prior: a class that never happens costs the logarithm of the smallest normal number.
    [Test]
    public void AClassThatNeverHappensCostsJoesEstimateTheSmallestNumbersLogarithm() =>
        Assert.That(
            Entropy(Matrix.Create(4, 5, (_, c) => c == 2 ? 1 : 0), EntropyEstimator.Joe),
            Is.EqualTo(-LogSmallest * 4 / 5).Within(1e-12 * -LogSmallest));

    [Test]
    public void OneHotRowsOfOtherClassesHaveAFiniteReconstructionError() =>
        Assert.That(Reconstruction(new[,] { { 1.0, 0 } }, new[,] { { 0, 1.0 } }), Is.EqualTo(-LogSmallest).Within(1e-12 * -LogSmallest));

    // p = (p, 1-p): the entropy of a coin.
    [TestCase(0.5)]
    [TestCase(0.2)]
    [TestCase(1e-9)]
    public void EqualRowsHaveTheEntropyOfOneAndReconstructIt(double p)
    {
        double[,] rows = Matrix.Create(5, 2, (_, c) => c == 0 ? p : 1 - p);
        double coin = -p * Math.Log(p) - (1 - p) * Math.Log(1 - p);
        Assert.That(Entropy(rows, EntropyEstimator.PlugIn), Is.EqualTo(coin).Within(Tolerance));
        Assert.That(Entropy(rows, EntropyEstimator.Joe), Is.EqualTo(-(Math.Log(p) + Math.Log(1 - p)) / 2).Within(Tolerance * 10));
        Assert.That(Reconstruction(rows, rows), Is.EqualTo(coin).Within(Tolerance));
    }

    // H(p, q) both ways of two coins.
    [Test]
    public void ReconstructionIsTheMeanOfBothCrossEntropies()
    {
        double expected = -0.5 * (0.1 * Math.Log(0.6) + 0.9 * Math.Log(0.4) + 0.6 * Math.Log(0.1) + 0.4 * Math.Log(0.9));
        Assert.That(Reconstruction(new[,] { { 0.1, 0.9 } }, new[,] { { 0.6, 0.4 } }), Is.EqualTo(expected).Within(Tolerance));
    }

    [Test]
    public void OneClassSaysNothing([Values] EntropyEstimator estimator, [Values] bool normalizeInputs)
    {
        var options = new EntropyReconstructionOptions
        {
            Support = Support.Discrete,
            Estimator = estimator,
            NormalizeInputs = normalizeInputs,
        };
        double[,] rows = Matrix.Create(3, 1, (_, _) => 1);
        TermValues.Of(options, rows, rows).AssertNear(default, Tolerance);
    }

    [Test]
    public void PlugInEntropyIsNeverAboveLogOfClassesAndJoesNeverBelow() => RandomCases.Check(
        options => options.Support == Support.Discrete && !options.NormalizeInputs && options.Normalizer == Normalizer.Exact,
        batch =>
        {
            Assert.That(Entropy(batch.Projection1, EntropyEstimator.PlugIn), Is.Not.NaN.And.LessThan(Math.Log(batch.Columns) + Tolerance));
            Assert.That(Entropy(batch.Projection1, EntropyEstimator.Joe), Is.GreaterThan(Math.Log(batch.Columns) - Tolerance));
        });

    [Test]
    public void ReferenceAddsItsFloorToEveryProbability()
    {
        const double Floor = 1e-7;
        double[,] rows = { { 1, 0 } };
        using var joe = EntropyReconstruction.entropy(
            rows.ToTensor(), support: Support.Discrete, estimator: EntropyEstimator.Joe, normalizer: Normalizer.Reference, normalizeInputs: false);
        using var reconstruction = EntropyReconstruction.reconstruction(
            rows.ToTensor(), new[,] { { 0.0, 1 } }.ToTensor(), support: Support.Discrete, normalizer: Normalizer.Reference, normalizeInputs: false);
        Assert.That(joe.ToDouble(), Is.EqualTo(-(Math.Log(1 + Floor) + Math.Log(Floor)) / 2).Within(1e-13));
        Assert.That(reconstruction.ToDouble(), Is.EqualTo(-Math.Log(Floor)).Within(1e-13));
    }

    [Test]
    public void GradientsAtZeroProbabilitiesAreFinite([Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        using Tensor rows = Matrix.Identity(3).ToLeaf(dtype);
        using Tensor others = Matrix.Identity(3).Permute([1, 2, 0]).ToLeaf(dtype);
        EntropyReconstruction.reconstruction(rows, others, support: Support.Discrete, normalizeInputs: false).backward();
        Assert.That(rows.grad!.ToMatrix().Cast<double>(), Has.All.Matches<double>(double.IsFinite));
    }

    private static double Entropy(double[,] rows, EntropyEstimator estimator)
    {
        using var entropy = EntropyReconstruction.entropy(rows.ToTensor(), support: Support.Discrete, estimator: estimator, normalizeInputs: false);
        return entropy.ToDouble();
    }

    private static double Reconstruction(double[,] first, double[,] second)
    {
        using var reconstruction = EntropyReconstruction.reconstruction(first.ToTensor(), second.ToTensor(), support: Support.Discrete, normalizeInputs: false);
        return reconstruction.ToDouble();
    }
}
