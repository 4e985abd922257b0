using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Gradients against central differences of the recomputed values, in float64.</summary>
public class GradientTests : TensorTests
{
    private const double Step = 1e-5;
    private const double Tolerance = 2e-7;

    [TestCaseSource(typeof(Combinations), nameof(Combinations.Cases))]
    public void AgreeWithCentralDifferencesInBothProjectionsAndInLogKappa(EntropyReconstructionOptions options)
    {
        double[,] first = Draw.InputsOf(options, 1, 4, 3);
        double[,] second = Draw.InputsOf(options, 2, 4, 3);
        using Tensor leaf1 = first.ToLeaf();
        using Tensor leaf2 = second.ToLeaf();
        using var loss = new EntropyReconstructionLoss(options);

        Mixture(loss.terms(leaf1, leaf2), options).backward();

        AssertNear(leaf1.grad!, Differences(first, matrix => Mixture(Recomputation.Terms(matrix, second, options), options)));
        AssertNear(leaf2.grad!, Differences(second, matrix => Mixture(Recomputation.Terms(first, matrix, options), options)));
        if (options.LearnKappa)
        {
            double At(double step) => Mixture(Recomputation.Terms(first, second, options with { Kappa = options.Kappa * Math.Exp(step) }), options);
            double expected = (At(Step) - At(-Step)) / (2 * Step);
            TermValues.AssertNear(loss.get_parameter("log_kappa")!.grad!.ToDouble(), expected, Tolerance, "log_kappa");
        }
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
            of(loss.terms(leaf, second.ToTensor())).backward();
            AssertNear(leaf.grad!, Differences(first, matrix => value(Recomputation.Terms(matrix, second, options))));
        }
    }

    // Both arguments move at once: the gradient of one tensor passed as both views is the sum of the two.
    [Test]
    public void OfOneTensorPassedAsBothViewsIsTheSumOfBoth([Values] Support support)
    {
        var options = new EntropyReconstructionOptions { Kappa = 3, Support = support };
        double[,] matrix = Draw.Normal(5, 5, 4);
        using Tensor leaf = matrix.ToLeaf();
        using var loss = new EntropyReconstructionLoss(options);
        loss.call(leaf, leaf).backward();
        AssertNear(leaf.grad!, Differences(matrix, moved => Recomputation.Terms(moved, moved, options).Loss));
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
        double[,] first = Draw.InputsOf(options, 6, 4, 3);
        double[,] second = Draw.InputsOf(options, 7, 4, 3);

        using Tensor embeddings = first.ToLeaf();
        EntropyReconstruction.entropy(embeddings, 3, support, estimator, normalizer, leaveOneOut, normalizeInputs: false).backward();
        AssertNear(embeddings.grad!, Differences(first, matrix => Recomputation.Entropy(matrix, options)));

        using Tensor projection = first.ToLeaf();
        EntropyReconstruction.reconstruction(projection, second.ToTensor(), 3, support, normalizer, normalizeInputs: false).backward();
        AssertNear(projection.grad!, Differences(first, matrix => Recomputation.Reconstruction(matrix, second, options)));
    }

    // The composed form has derivatives of any order: Hessian times a direction is the difference of gradients along it.
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
        double[,] at = Draw.InputsOf(options, 8, 4, 3);
        double[,] direction = Draw.Normal(9, 4, 3);
        using Tensor second = Draw.InputsOf(options, 10, 4, 3).ToTensor();
        Tensor GradientAt(Tensor leaf) => autograd.grad([loss.call(leaf, second)], [leaf], retain_graph: true, create_graph: true)[0];

        using Tensor leaf = at.ToLeaf();
        (GradientAt(leaf) * direction.ToTensor()).sum().backward();

        Tensor step = direction.ToTensor() * Step;
        Tensor difference = GradientAt((at.ToTensor() + step).requires_grad_()) - GradientAt((at.ToTensor() - step).requires_grad_());
        AssertNear(leaf.grad!, (difference / (2 * Step)).ToMatrix());
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

    private static double[,] Differences(double[,] at, Func<double[,], double> function) =>
        Matrix.Create(at.GetLength(0), at.GetLength(1), (i, c) =>
        {
            double Moved(double step)
            {
                var matrix = (double[,])at.Clone();
                matrix[i, c] += step;
                return function(matrix);
            }
            return (Moved(Step) - Moved(-Step)) / (2 * Step);
        });

    [Test]
    public void TheEntropyOfOneRowHasAGradientOfZero([Values(KernelEvaluation.Auto, KernelEvaluation.Fused, KernelEvaluation.Composed)] KernelEvaluation evaluation)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Evaluation = evaluation });
        Tensor first = Draw.Normal(1, 1, 5).ToTensor().requires_grad_(), second = Draw.Normal(2, 1, 5).ToTensor().requires_grad_();
        loss.terms(first, second).Entropy.backward();
        Assert.That(first.grad!.abs().max().ToDouble(), Is.EqualTo(0).Within(1e-12));
        Assert.That(second.grad, Is.Not.Null);
    }

    private static void AssertNear(Tensor gradient, double[,] expected)
    {
        double scale = Math.Max(1, expected.Cast<double>().Max(Math.Abs));
        Assert.That(expected.Cast<double>().All(double.IsFinite) && expected.Cast<double>().Any(entry => entry != 0), "the truth says something");
        Assert.That(gradient.ToMatrix(), Is.EqualTo(expected).Within(Tolerance * scale));
    }
}
