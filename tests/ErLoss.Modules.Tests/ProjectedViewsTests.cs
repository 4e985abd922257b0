using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Any number of views, predictions and targets: values and gradients against double loops over rows and pairs, in float64.</summary>
internal sealed class ProjectedViewsTests : TensorTests
{
    private const double Step = 2e-5;

    private static IEnumerable<EntropyReconstructionOptions> Options =>
        from options in Combinations.All
        where options.EntropyWeight != options.ReconstructionWeight
        from evaluation in options.Support == Support.Sphere ? (KernelEvaluation[])[KernelEvaluation.Fused, KernelEvaluation.Composed] : [KernelEvaluation.Auto]
        select options with { Evaluation = evaluation };

    [Test]
    public void TermsAreThoseOfARecomputationPairByPair([ValueSource(typeof(ViewCase), nameof(ViewCase.All))] ViewCase views) => Assert.Multiple(() =>
    {
        foreach (EntropyReconstructionOptions options in Options)
        {
            double[][,] leaves = views.Leaves(options), targets = views.DrawTargets(options);
            using var scope = NewDisposeScope();
            using var loss = new EntropyReconstructionLoss(options);
            TermValues.Of(loss.terms(views.Views(Tensors(leaves), Tensors(targets)))).AssertNear(views.Terms(leaves, targets, options), 1e-12);
        }
    });

    [Test]
    public void GradientsAreThoseOfCentralDifferencesAndTargetsHaveNone([ValueSource(typeof(ViewCase), nameof(ViewCase.All))] ViewCase views) => Assert.Multiple(() =>
    {
        foreach (EntropyReconstructionOptions options in Options)
        {
            double[][,] leaves = views.Leaves(options), targets = views.DrawTargets(options);
            using var scope = NewDisposeScope();
            using var loss = new EntropyReconstructionLoss(options);
            Tensor[] variables = [.. leaves.Select(leaf => leaf.ToLeaf())], constants = [.. targets.Select(target => target.ToLeaf())];
            Mixture(loss.terms(views.Views(variables, constants)), options).backward();
            for (int leaf = 0; leaf < leaves.Length; leaf++)
            {
                int moved = leaf;
                double[,] expected = Differences(leaves[leaf], matrix => Mixture(views.Terms([.. leaves[..moved], matrix, .. leaves[(moved + 1)..]], targets, options), options));
                double[,] actual = variables[leaf].grad?.ToMatrix() ?? new double[4, 3];
                Assert.That(actual, Is.EqualTo(expected).Within(2e-7 * Math.Max(1, expected.Cast<double>().Max(Math.Abs))), $"leaf {leaf}, {options}");
            }
            Assert.That(variables.Where(variable => variable.grad is not null), Has.Exactly(leaves.Length).Items);
            Assert.That(constants.Select(constant => constant.grad), Is.All.Null);
            if (options.LearnKappa)
            {
                double At(double step) => Mixture(views.Terms(leaves, targets, options with { Kappa = options.Kappa * Math.Exp(step) }), options);
                TermValues.AssertNear(loss.get_parameter("log_kappa")!.grad!.ToDouble(), (At(Step) - At(-Step)) / (2 * Step), 2e-7, "log_kappa");
            }
        }
    });

    // Each view's entropy counts once, however many pairs it is in.
    [Test]
    public void TermsOfManyEqualViewsAreTheMeansOfThoseOfTheirPairs([Values] Support support, [Values(2, 3, 6)] int count)
    {
        using var loss = new EntropyReconstructionLoss(support: support);
        Tensor[] views = [.. Enumerable.Range(0, count).Select(i => Draw.Normal(i, 7, 5).ToTensor())];
        TermValues[] pairs = [.. from a in Enumerable.Range(0, count) from b in Enumerable.Range(0, a) select TermValues.Of(loss.terms(views[a], views[b]))];
        TermValues.Of(loss.terms(new ProjectedViews(views))).AssertNear(
            new TermValues(pairs.Average(p => p.Loss), pairs.Average(p => p.Entropy), pairs.Average(p => p.Reconstruction), pairs.Average(p => p.MutualInformationBound)),
            1e-13);
    }

    [Test]
    public void TwoViewsAreTheCallWithTwoProjections([Values] Support support)
    {
        using var loss = new EntropyReconstructionLoss(support: support);
        Tensor first = Draw.Normal(1, 7, 5).ToTensor(float32), second = Draw.Normal(2, 7, 5).ToTensor(float32);
        Assert.That(TermValues.Of(loss.terms(new ProjectedViews(first, second))), Is.EqualTo(TermValues.Of(loss.terms(first, second))));
        Assert.That(loss.call(first, second).ToDouble(), Is.EqualTo(loss.terms(new ProjectedViews(first, second)).Loss.ToDouble()));
    }

    // Two equal views and one at right angles: of six ordered pairs two have cosine one and four have cosine zero.
    [Test]
    public void TheReconstructionOfThreeViewsAtKnownAnglesIsKnown()
    {
        using var loss = new EntropyReconstructionLoss(kappa: 6);
        Tensor along = new double[,] { { 1, 0 }, { 0, 2 } }.ToTensor(), across = new double[,] { { 0, 3 }, { -1, 0 } }.ToTensor();
        double logNormalizer = VonMisesFisher.LogNormalizer(2, 6);
        Assert.That(loss.terms(new ProjectedViews(along, along, across)).Reconstruction.ToDouble(), Is.EqualTo(-6.0 / 3 - logNormalizer).Within(1e-13));
        Assert.That(
            loss.terms(new ProjectedViews(along, along) { Predictions = [along, along, across], Target = along }).Reconstruction.ToDouble(),
            Is.EqualTo(-6.0 * 2 / 3 - logNormalizer).Within(1e-13));
    }

    // DINO's own loss, and what PyTorch calls cross-entropy.
    [Test]
    public void WithAnEntropyOfWeightZeroItIsTheCrossEntropyOfStudentAndTeacher()
    {
        using var loss = new EntropyReconstructionLoss(support: Support.Discrete, entropyWeight: 0);
        Tensor[] student = [Draw.Normal(1, 6, 5).ToLeaf(), Draw.Normal(2, 6, 5).ToLeaf()];
        Tensor[] teacher = [Draw.Probabilities(3, 6, 5).ToTensor(), Draw.Probabilities(4, 6, 5).ToTensor()];
        Tensor expected = (nn.functional.cross_entropy(student[1], teacher[0]) + nn.functional.cross_entropy(student[0], teacher[1])) / 2;
        IList<Tensor> wanted = autograd.grad([expected], student);
        Tensor value = loss.terms(new ProjectedViews(student) { Targets = teacher }).Loss;
        Assert.That(value.ToDouble(), Is.EqualTo(expected.ToDouble()).Within(1e-14));
        foreach ((Tensor gradient, Tensor want) in autograd.grad([value], student).Zip(wanted))
        {
            Assert.That((gradient - want).abs().max().ToDouble(), Is.LessThan(1e-15));
        }
    }

    [Test]
    public void ClassNumbersAreTheDistributionsOfOneClass([Values] bool isOneForAll, [Values] bool normalizeInputs)
    {
        var options = new EntropyReconstructionOptions { Support = Support.Discrete, NormalizeInputs = normalizeInputs };
        using var loss = new EntropyReconstructionLoss(options);
        Tensor[] views = [.. Enumerable.Range(0, 3).Select(i => Draw.InputsOf(options, i, 4, 3).ToLeaf())];
        Tensor[] numbers = [tensor(new long[] { 2, 0, 1, 2 }), tensor(new long[] { 0, 0, 2, 1 })];
        Tensor[] distributions = [.. numbers.Select(n => nn.functional.one_hot(n, 3).to(float64))];
        Tensor[] gradients = [.. new[] { numbers, distributions }.SelectMany(targets => autograd.grad([Terms(targets).Loss], views))];
        TermValues.Of(Terms(numbers)).AssertNear(TermValues.Of(Terms(distributions)), 1e-14);
        for (int i = 0; i < 3; i++)
        {
            Assert.That((gradients[i] - gradients[i + 3]).abs().max().ToDouble(), Is.LessThan(1e-14));
            Assert.That(gradients[i].abs().max().ToDouble(), Is.GreaterThan(1e-3));
        }

        EntropyReconstructionTerms Terms(Tensor[] targets) => loss.terms(
            isOneForAll ? new ProjectedViews(views) { Target = targets[0] } : new ProjectedViews(views) { Targets = targets });
    }

    [Test]
    public void ATargetOnAMaskedClassCostsTheFloorAndGivesNoGradientThere()
    {
        using var loss = new EntropyReconstructionLoss(support: Support.Discrete, entropyWeight: 0);
        Tensor logits = new[,] { { 0, 0, double.NegativeInfinity } }.ToLeaf();
        Tensor value = loss.terms(new ProjectedViews(logits) { Target = tensor(new long[] { 2 }) }).Loss;
        value.backward();
        Assert.That(value.ToDouble(), Is.EqualTo(-Math.Log(finfo(float64).tiny)).Within(1e-10));
        Assert.That(logits.grad!.abs().max().ToDouble(), Is.Zero);
    }

    private static Tensor[] Tensors(double[][,] matrices) => [.. matrices.Select(matrix => matrix.ToTensor())];

    private static Tensor Mixture(EntropyReconstructionTerms terms, EntropyReconstructionOptions options)
    {
        Assert.That(terms.MutualInformationBound.requires_grad, Is.EqualTo(!LeavesOut(options)));
        return terms.Loss + 0.31 * terms.Entropy - 0.57 * terms.Reconstruction + 0.83 * terms.MutualInformationBound;
    }

    private static double Mixture(TermValues values, EntropyReconstructionOptions options) =>
        values.Loss + 0.31 * values.Entropy - 0.57 * values.Reconstruction + (LeavesOut(options) ? 0 : 0.83 * values.MutualInformationBound);

    private static bool LeavesOut(EntropyReconstructionOptions options) => options.LeaveOneOut && options.Support == Support.Sphere;

    private static double[,] Differences(double[,] at, Func<double[,], double> function) => Matrix.Create(at.GetLength(0), at.GetLength(1), (i, c) =>
    {
        double Moved(double step)
        {
            var matrix = (double[,])at.Clone();
            matrix[i, c] += step;
            return function(matrix);
        }
        // Of fourth order, since a small probability makes third derivatives large.
        return (8 * (Moved(Step) - Moved(-Step)) - (Moved(2 * Step) - Moved(-2 * Step))) / (12 * Step);
    });
}
