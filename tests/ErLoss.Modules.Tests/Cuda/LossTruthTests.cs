using ErLoss.Benchmarks;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>What selftest holds a GPU to is true: by double loops and central differences; and a finding without a truth does not hold.</summary>
public class LossTruthTests : TensorTests
{
    private static readonly double[,] First = Draw.Normal(1, 9, 4), Second = Draw.Normal(2, 9, 4);

    private static IEnumerable<TestCaseData> Settings() =>
        from options in LossChecks.Settings()
        from normalizer in Enum.GetValues<Normalizer>()
        let named = options with { Normalizer = normalizer }
        select new TestCaseData(named).SetArgDisplayNames(LossChecks.Describe(named), $"{normalizer}");

    [TestCaseSource(nameof(Settings))]
    public void ValuesAreTheRecomputedOnes(EntropyReconstructionOptions options)
    {
        LossTruth truth = LossTruth.Compute(options, First.ToTensor(), Second.ToTensor());
        TermValues wanted = Recomputation.Terms(First, Second, options);
        TermValues.AssertNear(truth.Loss, wanted.Loss, 1e-12, "loss");
        TermValues.AssertNear(truth.Entropy, wanted.Entropy, 1e-12, "entropy");
        TermValues.AssertNear(truth.Reconstruction, wanted.Reconstruction, 1e-12, "reconstruction");
    }

    [TestCaseSource(nameof(Settings))]
    public void GradientsAreThoseOfCentralDifferences(EntropyReconstructionOptions options)
    {
        const double Step = 1e-6;
        LossTruth truth = LossTruth.Compute(options, First.ToTensor(), Second.ToTensor());
        for (int i = 0; i < 3; i++)
        {
            AssertSlope(truth.Gradient1[i, i].ToDouble(), by => Recomputation.Terms(Moved(First, i, by), Second, options).Loss);
            AssertSlope(truth.Gradient2[i, i].ToDouble(), by => Recomputation.Terms(First, Moved(Second, i, by), options).Loss);
        }
        if (options.Support == Support.Sphere)
        {
            AssertSlope(truth.LogKappaGradient!.Value, by => Recomputation.Terms(First, Second, options with { Kappa = options.Kappa * Math.Exp(by) }).Loss);
        }

        static void AssertSlope(double slope, Func<double, double> loss)
        {
            Assert.That(double.IsFinite(slope) && slope != 0);
            Assert.That(slope, Is.EqualTo((loss(Step) - loss(-Step)) / (2 * Step)).Within(1e-7 * Math.Max(1, Math.Abs(slope))));
        }

        static double[,] Moved(double[,] rows, int at, double by)
        {
            var moved = (double[,])rows.Clone();
            moved[at, at] += by;
            return moved;
        }
    }

    [Test]
    public void BandsOfRowsComeToTheSame([Values] EntropyEstimator estimator)
    {
        Tensor rows = Draw.UnitRows(3, 1500, 4).ToTensor(), leaf = rows.clone().requires_grad_();
        Tensor entropy = EntropyReconstruction.entropy(leaf, estimator: estimator, evaluation: KernelEvaluation.Composed, normalizeInputs: false);
        entropy.backward();
        (double value, Tensor gradient) = LossTruth.OfEntropy(rows, 10, estimator);
        Assert.That(Finding.OfScalar("entropy", value, entropy.ToDouble(), 1e-12), Has.Property(nameof(Finding.Holds)).True);
        Assert.That(Finding.OfTensor("gradient", gradient, leaf.grad!, 1e-11), Has.Property(nameof(Finding.Holds)).True);
    }

    [TestCase(0, 0)]
    [TestCase(double.NaN, 1)]
    [TestCase(1, double.NaN)]
    [TestCase(double.PositiveInfinity, double.PositiveInfinity)]
    [TestCase(1.001, 1)]
    public void AFindingWithoutATruthOrTooFarFromItDoesNotHold(double actual, double truth)
    {
        Assert.That(Finding.OfScalar("a number", actual, truth, 1e-4), Has.Property(nameof(Finding.Holds)).False);
        Assert.That(Finding.OfTensor("a tensor", tensor(new[] { actual }), tensor(new[] { truth }), 1e-4), Has.Property(nameof(Finding.Holds)).False);
    }

    [Test]
    public void AFindingNearItsTruthHolds()
    {
        Assert.That(Finding.OfScalar("a number", 1.00001, 1, 1e-4), Has.Property(nameof(Finding.Holds)).True);
        Assert.That(Finding.OfTensor("a tensor", tensor(new[] { 1f, 2 }), tensor(new[] { 1, 2.00001 }), 1e-4), Has.Property(nameof(Finding.Holds)).True);
    }
}
