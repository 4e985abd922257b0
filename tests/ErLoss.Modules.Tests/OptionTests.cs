using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Settings: their defaults, and what is refused of them, by name.</summary>
public class OptionTests : TensorTests
{
    private const int NoName = 7;

    private static readonly double[] BadKappas = [0, -0.0, -1, 1e39, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
    private static readonly double[] BadWeights = [-1, -1e-300, 1e39, double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    [Test]
    public void DefaultsAreThoseOfThePaper()
    {
        var options = new EntropyReconstructionOptions();
        Assert.That(options, Is.EqualTo(new EntropyReconstructionOptions
        {
            Kappa = 10,
            LearnKappa = false,
            Support = Support.Sphere,
            Estimator = EntropyEstimator.PlugIn,
            EntropyWeight = 1,
            ReconstructionWeight = 1,
            LeaveOneOut = false,
            NormalizeInputs = true,
            Normalizer = Normalizer.Exact,
            Evaluation = KernelEvaluation.Auto,
            ReconstructionKappa = null,
            LearnReconstructionKappa = false,
            MinKappa = null,
            MaxKappa = null,
            Reduction = nn.Reduction.Mean,
        }));
        using var loss = new EntropyReconstructionLoss();
        Assert.That(loss.Options, Is.EqualTo(options));
    }

    [TestCaseSource(nameof(BadKappas))]
    public void KappaThatIsNotPositiveAndFiniteIsRefused(double kappa)
    {
        const string Wanted = "positive, finite";
        using Tensor rows = ones(2, 2);
        AssertOutOfRange(() => _ = new EntropyReconstructionLoss(kappa: kappa), "kappa", kappa, Wanted);
        AssertOptionRefused(new EntropyReconstructionOptions { Kappa = kappa }, "Kappa", kappa, Wanted);
        AssertOutOfRange(() => EntropyReconstruction.entropy(rows, kappa), "kappa", kappa, Wanted);
        AssertOutOfRange(() => EntropyReconstruction.reconstruction(rows, rows, kappa), "kappa", kappa, Wanted);
    }

    [TestCaseSource(nameof(BadWeights))]
    public void WeightThatIsNegativeOrNotFiniteIsRefused(double weight)
    {
        const string Wanted = "finite number, zero or above";
        AssertOutOfRange(() => _ = new EntropyReconstructionLoss(entropyWeight: weight), "entropyWeight", weight, Wanted);
        AssertOutOfRange(() => _ = new EntropyReconstructionLoss(reconstructionWeight: weight), "reconstructionWeight", weight, Wanted);
        AssertOptionRefused(new EntropyReconstructionOptions { EntropyWeight = weight }, "EntropyWeight", weight, Wanted);
        AssertOptionRefused(new EntropyReconstructionOptions { ReconstructionWeight = weight }, "ReconstructionWeight", weight, Wanted);
    }

    [Test]
    public void EnumerationOutOfRangeIsRefusedByTheConstructors()
    {
        AssertOutOfRange(() => _ = new EntropyReconstructionLoss(support: (Support)NoName), "support", NoName, "Sphere, Discrete");
        AssertOutOfRange(() => _ = new EntropyReconstructionLoss(estimator: (EntropyEstimator)NoName), "estimator", NoName, "PlugIn, Joe");
        AssertOptionRefused(new EntropyReconstructionOptions { Support = (Support)NoName }, "Support", NoName, "Sphere, Discrete");
        AssertOptionRefused(new EntropyReconstructionOptions { Estimator = (EntropyEstimator)NoName }, "Estimator", NoName, "PlugIn, Joe");
        AssertOptionRefused(new EntropyReconstructionOptions { Normalizer = (Normalizer)NoName }, "Normalizer", NoName, "Exact, Reference");
        AssertOptionRefused(new EntropyReconstructionOptions { Evaluation = (KernelEvaluation)NoName }, "Evaluation", NoName, "Auto, Fused, Composed");
        AssertOptionRefused(new EntropyReconstructionOptions { Reduction = (nn.Reduction)NoName }, "Reduction", NoName, "None, Mean, Sum");
        AssertOptionRefused(new EntropyReconstructionOptions { Support = (Support)(-1) }, "Support", -1, "Sphere, Discrete");
    }

    [Test]
    public void EnumerationOutOfRangeIsRefusedByTheFunctionalForm()
    {
        using Tensor rows = ones(2, 2);
        AssertOutOfRange(() => EntropyReconstruction.entropy(rows, support: (Support)NoName), "support", NoName, "Sphere, Discrete");
        AssertOutOfRange(() => EntropyReconstruction.entropy(rows, estimator: (EntropyEstimator)NoName), "estimator", NoName, "PlugIn, Joe");
        AssertOutOfRange(() => EntropyReconstruction.entropy(rows, normalizer: (Normalizer)NoName), "normalizer", NoName, "Exact, Reference");
        AssertOutOfRange(() => EntropyReconstruction.entropy(rows, evaluation: (KernelEvaluation)NoName), "evaluation", NoName, "Auto, Fused, Composed");
        AssertOutOfRange(() => EntropyReconstruction.reconstruction(rows, rows, support: (Support)NoName), "support", NoName, "Sphere, Discrete");
        AssertOutOfRange(() => EntropyReconstruction.reconstruction(rows, rows, normalizer: (Normalizer)NoName), "normalizer", NoName, "Exact, Reference");
    }

    [Test]
    public void LearningKappaIsRefusedWhereThereIsNone() => Assert.That(
        () => new EntropyReconstructionLoss(new EntropyReconstructionOptions { Support = Support.Discrete, LearnKappa = true }),
        Throws.ArgumentException
            .With.Property("ParamName").EqualTo("options.LearnKappa")
            .And.Message.Contains("Discrete")
            .And.Message.Contains("Sphere"));

    // Pairs that are nearer to each other than to other rows gain from a larger κ without end, unless the own kernel counts.
    [Test]
    public void LearningKappaIsRefusedWithLeaveOneOutSinceTheLossHasNoMinimumInIt()
    {
        Assert.That(
            () => new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = true, LeaveOneOut = true }),
            Throws.ArgumentException
                .With.Property("ParamName").EqualTo("options.LearnKappa")
                .And.Message.Contains("no minimum in κ")
                .And.Message.Contains("LeaveOneOut = false"));
        double[,] first = Draw.Normal(1, 20, 8), noise = Draw.Normal(2, 20, 8);
        double[,] second = Matrix.Create(20, 8, (i, c) => first[i, c] + 0.1 * noise[i, c]);
        double Loss(double kappa, bool leaveOneOut) =>
            TermValues.Of(new EntropyReconstructionOptions { Kappa = kappa, LeaveOneOut = leaveOneOut }, first, second).Loss;
        double[] kappas = [.. Enumerable.Range(0, 15).Select(power => Math.Pow(10, power))];
        Assert.That(kappas.Select(kappa => Loss(kappa, leaveOneOut: true)), Is.Ordered.Descending);
        Assert.That(kappas.MinBy(kappa => Loss(kappa, leaveOneOut: false)), Is.InRange(10, 1e3));
    }

    private static IEnumerable<TestCaseData> Exclusive()
    {
        var learnt = new EntropyReconstructionOptions { LearnKappa = true };
        var own = new EntropyReconstructionOptions { ReconstructionKappa = 20, LearnReconstructionKappa = true };
        static TestCaseData Case(string name, EntropyReconstructionOptions options, string option, string said) =>
            new TestCaseData(options, option, said).SetArgDisplayNames(name);

        yield return Case("a sum", new() { Reduction = nn.Reduction.Sum }, "Reduction", "no sum over examples");
        yield return Case("rows of the plug-in on the sphere", new() { Reduction = nn.Reduction.None }, "Reduction", "Joe is wanted");
        yield return Case(
            "rows of Joe's on classes", new() { Reduction = nn.Reduction.None, Support = Support.Discrete, Estimator = EntropyEstimator.Joe }, "Reduction", "PlugIn is wanted");
        yield return Case("a second κ on classes", new() { Support = Support.Discrete, ReconstructionKappa = 5 }, "ReconstructionKappa", "has no κ");
        yield return Case("a second κ beside a learnt one", learnt with { ReconstructionKappa = 5 }, "ReconstructionKappa", "has no minimum");
        yield return Case("a second κ learnt from nowhere", new() { LearnReconstructionKappa = true }, "LearnReconstructionKappa", "starts from");
        yield return Case("a least κ that is not learnt", new() { MinKappa = 1 }, "MinKappa", "No κ is learnt");
        yield return Case("a largest κ that is not learnt", new() { ReconstructionKappa = 5, MaxKappa = 20 }, "MaxKappa", "No κ is learnt");
        yield return Case("limits on classes", new() { Support = Support.Discrete, MaxKappa = 20 }, "MaxKappa", "No κ is learnt");
        yield return Case("limits that leave nothing", learnt with { MinKappa = 20, MaxKappa = 5 }, "MinKappa", "at most MaxKappa");
        yield return Case("a start below", learnt with { MinKappa = 11 }, "MinKappa", "starts from 10");
        yield return Case("a start above", learnt with { MaxKappa = 9 }, "MaxKappa", "starts from 10");
        yield return Case("a second κ that starts above", own with { MaxKappa = 15 }, "MaxKappa", "starts from 20");
    }

    [TestCaseSource(nameof(Exclusive))]
    public void SettingsThatExcludeEachOtherAreRefused(EntropyReconstructionOptions options, string option, string said) => Assert.That(
        () => new EntropyReconstructionLoss(options),
        Throws.ArgumentException.With.Property("ParamName").EqualTo($"options.{option}").And.Message.Contains(said));

    [TestCaseSource(nameof(BadKappas))]
    public void OtherKappasThatAreNotPositiveAndFiniteAreRefused(double kappa)
    {
        const string Wanted = "positive, finite";
        var learnt = new EntropyReconstructionOptions { LearnKappa = true };
        AssertOptionRefused(new EntropyReconstructionOptions { ReconstructionKappa = kappa }, "ReconstructionKappa", kappa, Wanted);
        AssertOptionRefused(learnt with { MinKappa = kappa }, "MinKappa", kappa, Wanted);
        AssertOptionRefused(learnt with { MaxKappa = kappa }, "MaxKappa", kappa, Wanted);
    }

    [Test]
    public void NullOptionsAreRefused() => Assert.That(
        () => new EntropyReconstructionLoss(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("options"));

    [Test]
    public void WeightsOfZeroAndKappasOfAnySizeAreTaken([Values(double.Epsilon, 1e-6, 1e6, 1e15)] double kappa)
    {
        using var loss = new EntropyReconstructionLoss(kappa, entropyWeight: 0, reconstructionWeight: 0);
        Assert.That(loss.Kappa, Is.EqualTo(kappa));
    }

    private static void AssertOptionRefused(EntropyReconstructionOptions options, string name, double found, string wanted) =>
        AssertOutOfRange(() => _ = new EntropyReconstructionLoss(options), $"options.{name}", found, wanted);

    private static void AssertOutOfRange(Action call, string name, double found, string wanted) => Assert.That(
        call,
        Throws.TypeOf<ArgumentOutOfRangeException>()
            .With.Property("ParamName").EqualTo(name)
            .And.Message.Matches($"is {Regex.Escape($"{found}")};|^{found} is no ")
            .And.Message.Contains(wanted));
}
