using ErLoss.SelfSupervised.Gradients;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Gradients against central differences of the recomputed values, in float64.</summary>
public class GradientTests : TensorTests
{
    private static readonly GradientCheck Check = new() { Step = 1e-5, AbsoluteTolerance = 2e-7, RelativeTolerance = 2e-7 };

    [TestCaseSource(typeof(Combinations), nameof(Combinations.Cases))]
    public void AgreeWithCentralDifferencesInBothProjectionsAndInLogKappa(EntropyReconstructionOptions options)
    {
        using Tensor first = Draw.InputsOf(options, 1, 4, 3).ToLeaf();
        using Tensor second = Draw.InputsOf(options, 2, 4, 3).ToLeaf();
        using var loss = new EntropyReconstructionLoss(options);
        List<(string, Tensor)> variables = [("first", first), ("second", second)];
        if (options.LearnKappa)
        {
            variables.Add(("log_kappa", loss.get_parameter("log_kappa")!));
        }
        AssertRight(
            () => Mixture(loss.terms(first, second), options),
            () => Mixture(Recomputation.Terms(first.ToMatrix(), second.ToMatrix(), options with { Kappa = loss.Kappa }), options),
            [.. variables]);
    }

    [Test]
    public void OfEachTermAloneAgreeWithCentralDifferences([Values] Support support, [Values] EntropyEstimator estimator)
    {
        var options = new EntropyReconstructionOptions { Kappa = 3, Support = support, Estimator = estimator, EntropyWeight = 0.5 };
        double[,] first = Draw.Normal(3, 5, 4);
        double[,] second = Draw.Normal(4, 5, 4);
        (Func<EntropyReconstructionTerms, Tensor> Of, Func<TermValues, double> Value)[] terms =
        [
            (terms => terms.Loss, values => values.Loss),
            (terms => terms.Entropy, values => values.Entropy),
            (terms => terms.Reconstruction, values => values.Reconstruction),
            (terms => terms.MutualInformationBound, values => values.MutualInformationBound),
        ];
        using var loss = new EntropyReconstructionLoss(options);
        foreach ((Func<EntropyReconstructionTerms, Tensor> of, Func<TermValues, double> value) in terms)
        {
            using Tensor leaf = first.ToLeaf();
            AssertRight(() => of(loss.terms(leaf, second.ToTensor())), () => value(Recomputation.Terms(leaf.ToMatrix(), second, options)), ("first", leaf));
        }
    }

    // Both arguments move at once: the gradient of one tensor passed as both views is the sum of the two.
    [Test]
    public void OfOneTensorPassedAsBothViewsIsTheSumOfBoth([Values] Support support)
    {
        var options = new EntropyReconstructionOptions { Kappa = 3, Support = support };
        using Tensor leaf = Draw.Normal(5, 5, 4).ToLeaf();
        using var loss = new EntropyReconstructionLoss(options);
        AssertRight(() => loss.call(leaf, leaf), () => Recomputation.Terms(leaf.ToMatrix(), leaf.ToMatrix(), options).Loss, ("both", leaf));
    }

    [Test]
    public void OfTheFunctionalFormAgreeWithCentralDifferences(
        [Values] Support support, [Values] EntropyEstimator estimator, [Values] Normalizer normalizer, [Values] bool leaveOneOut)
    {
        var options = new EntropyReconstructionOptions
        {
            Kappa = 3,
            Support = support,
            Estimator = estimator,
            Normalizer = normalizer,
            LeaveOneOut = leaveOneOut,
            NormalizeInputs = false,
        };
        using Tensor first = Draw.InputsOf(options, 6, 4, 3).ToLeaf();
        double[,] second = Draw.InputsOf(options, 7, 4, 3);
        AssertRight(
            () => EntropyReconstruction.entropy(first, 3, support, estimator, normalizer, leaveOneOut, normalizeInputs: false),
            () => Recomputation.Entropy(first.ToMatrix(), options),
            ("embeddings", first));
        AssertRight(
            () => EntropyReconstruction.reconstruction(first, second.ToTensor(), 3, support, normalizer, normalizeInputs: false),
            () => Recomputation.Reconstruction(first.ToMatrix(), second, options),
            ("projection", first));
    }

    // The composed form has derivatives of any order: all of the Hessian against the differences of gradients.
    [Test]
    public void OfGradientsAgreeWithCentralDifferencesOfGradients(
        [Values] Support support, [Values] EntropyEstimator estimator, [Values] bool normalizeInputs, [Values] bool leaveOneOut)
    {
        var options = new EntropyReconstructionOptions
        {
            Kappa = 3,
            Support = support,
            Estimator = estimator,
            Evaluation = KernelEvaluation.Composed,
            NormalizeInputs = normalizeInputs,
            LeaveOneOut = leaveOneOut,
        };
        using var loss = new EntropyReconstructionLoss(options);
        using Tensor first = Draw.InputsOf(options, 8, 4, 3).ToTensor(), second = Draw.InputsOf(options, 10, 4, 3).ToTensor();
        GradientComparison comparison = Check.Run(leaf => autograd.grad([loss.call(leaf, second)], [leaf], retain_graph: true, create_graph: true)[0], first);
        Assert.That(comparison.IsRight, comparison.ToString());
        Assert.That((comparison.Count, comparison.LargestDerivative > 0), Is.EqualTo((144L, true)));
    }

    // Own and other kernels e^200 apart: what is nothing beside the other must not become NaN.
    [Test]
    public void OfGradientsAreFiniteHoweverFarKernelsAreApart([Values(0.01, 200)] double kappa, [Values] bool normalizeInputs)
    {
        using var loss = new EntropyReconstructionLoss(
            new EntropyReconstructionOptions { Kappa = kappa, NormalizeInputs = normalizeInputs, Evaluation = KernelEvaluation.Composed });
        using Tensor leaf = new[,] { { 1.0, 0, 0 }, { -1, 0, 0 }, { 0, 1, 0 } }.ToLeaf(ScalarType.Float32);
        using Tensor second = Draw.UnitRows(10, 3, 3).ToTensor(ScalarType.Float32);
        autograd.grad([loss.call(leaf, second)], [leaf], retain_graph: true, create_graph: true)[0].square().sum().backward();
        Assert.That(leaf.grad!.ToMatrix().Cast<double>(), Has.All.Matches<double>(double.IsFinite));
    }

    // Generic weights: an error in the gradient of any of the four terms shows. Beside a leave-one-out estimate the bound has no gradient.
    private static Tensor Mixture(EntropyReconstructionTerms terms, EntropyReconstructionOptions options)
    {
        Assert.That(terms.MutualInformationBound.requires_grad, Is.EqualTo(!(options.LeaveOneOut && options.Support == Support.Sphere)));
        return terms.Loss + 0.31 * terms.Entropy - 0.57 * terms.Reconstruction + 0.83 * terms.MutualInformationBound;
    }

    private static double Mixture(TermValues values, EntropyReconstructionOptions options) =>
        values.Loss + 0.31 * values.Entropy - 0.57 * values.Reconstruction
        + (options.LeaveOneOut && options.Support == Support.Sphere ? 0 : 0.83 * values.MutualInformationBound);

    [Test]
    public void TheEntropyOfOneRowHasAGradientOfZero([Values] KernelEvaluation evaluation)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Evaluation = evaluation });
        Tensor first = Draw.Normal(1, 1, 5).ToTensor().requires_grad_(), second = Draw.Normal(2, 1, 5).ToTensor().requires_grad_();
        loss.terms(first, second).Entropy.backward();
        Assert.That(first.grad!.abs().max().ToDouble(), Is.EqualTo(0).Within(1e-12));
        Assert.That(second.grad, Is.Not.Null);
    }

    /// <summary>Asserts that the gradient is that of the recomputed value, which is no constant.</summary>
    private static void AssertRight(Func<Tensor> function, Func<double> recomputed, params (string Name, Tensor Tensor)[] variables)
    {
        GradientComparison comparison = Check.Run(function, variables, () => tensor(recomputed()));
        Assert.That(comparison.IsRight, comparison.ToString());
        Assert.That(comparison.LargestDerivative, Is.GreaterThan(0).And.LessThan(double.PositiveInfinity), "the truth says something");
    }
}
