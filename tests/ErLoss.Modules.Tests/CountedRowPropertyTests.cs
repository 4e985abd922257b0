using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Modules.Tests;

/// <summary>What weights and masks mean, in other words than a formula: copies, removal, means, and batches in which nothing counts. Values and gradients.</summary>
internal sealed class CountedRowPropertyTests : TensorTests
{
    private const int Count = 5, Dimension = 4;

    private static readonly long[] Labels = [1, 2, 1, 2, 1], Ids = [8, 3, 5, 3, 9];

    private static IEnumerable<TestCaseData> Forms() =>
        from form in ((Support, EntropyEstimator, bool)[])
            [(Support.Sphere, EntropyEstimator.Joe, true), (Support.Sphere, EntropyEstimator.PlugIn, false), (Support.Discrete, EntropyEstimator.PlugIn, false), (Support.Discrete, EntropyEstimator.Joe, true)]
        from withLabels in (bool[])[false, true]
        select new TestCaseData(new EntropyReconstructionOptions { Support = form.Item1, Estimator = form.Item2, NormalizeInputs = !form.Item3 }, withLabels)
            .SetArgDisplayNames($"{form.Item1} {form.Item2}{(withLabels ? " with labels" : "")}");

    // Copies have one id, so that a row is no partner of its copies in its own view; classes have no ids to say so with.
    private static IEnumerable<TestCaseData> FormsOfCopies() => Forms().Where(form => form.Arguments is not [EntropyReconstructionOptions { Support: Support.Discrete }, true]);

    [TestCaseSource(nameof(FormsOfCopies))]
    public void WholeNumberWeightsAreCopies(EntropyReconstructionOptions options, bool withLabels)
    {
        long[] counts = [2, 0, 1, 3, 1];
        Tensor copies = tensor(counts.SelectMany((count, i) => Enumerable.Repeat((long)i, (int)count)).ToArray());
        Tensor[] leaves = Leaves(options);
        Tensor? labels = withLabels ? tensor(Labels) : null, ids = options.Support == Support.Sphere ? arange(Count) : null;
        AssertSame(
            options,
            leaves,
            new ProjectedViews(leaves) { Weights = tensor(counts), Labels = labels },
            new ProjectedViews(Select(leaves, copies)) { Labels = labels?.index_select(0, copies), Ids = ids?.index_select(0, copies) });
    }

    [TestCaseSource(nameof(Forms))]
    public void AMaskIsRemoval(EntropyReconstructionOptions options, bool withLabels)
    {
        Tensor[] leaves = Leaves(options);
        using (no_grad())
        {
            leaves[0][1].fill_(double.NaN);
            leaves[1][1].fill_(double.PositiveInfinity);
            leaves[2][4].fill_(double.NegativeInfinity);
        }
        Tensor kept = tensor(new long[] { 0, 2, 3 }), weights = tensor(new[] { 0.5, double.NaN, 2, 0.25, -1 });
        Tensor? labels = withLabels ? tensor(Labels) : null, ids = withLabels && options.Support == Support.Sphere ? tensor(Ids) : null;
        AssertSame(
            options,
            leaves,
            new ProjectedViews(leaves) { Weights = weights, Mask = tensor(new[] { true, false, true, true, false }), Labels = labels, Ids = ids },
            new ProjectedViews(Select(leaves, kept))
            {
                Weights = weights.index_select(0, kept),
                Labels = labels?.index_select(0, kept),
                Ids = ids?.index_select(0, kept),
            });
    }

    [TestCaseSource(nameof(Forms))]
    public void OnlyTheProportionsOfWeightsCount(EntropyReconstructionOptions options, bool withLabels)
    {
        Tensor[] leaves = Leaves(options);
        Tensor weights = tensor(new[] { 0.5, 0, 2, 0.25, 1 });
        Tensor? labels = withLabels ? tensor(Labels) : null;
        Centers[] Centers(double scale) => options.Support == Support.Sphere
            ? [] : [new Centers(Draw.Probabilities(9, 2, Dimension).ToTensor()) { Weights = scale * tensor(new[] { 3.0, 0.2 }) }];
        foreach (double scale in (double[])[1e-200, 1e200])
        {
            AssertSame(
                options,
                leaves,
                new ProjectedViews(leaves) { Weights = scale * weights, Labels = labels, Centers = Centers(scale) },
                new ProjectedViews(leaves) { Weights = weights, Labels = labels, Centers = Centers(1) });
        }
    }

    [Test]
    public void TheWeightedMeanOfTheValuesOfRowsIsTheScalar([Values] Support support, [Values] bool withLabels, [Values] bool oneView)
    {
        var options = new EntropyReconstructionOptions { Support = support, Estimator = support == Support.Sphere ? EntropyEstimator.Joe : EntropyEstimator.PlugIn };
        Tensor[] leaves = Leaves(options)[..(oneView ? 1 : 3)];
        // In one view the row of weight 4 has no partner, and counts in the entropy alone.
        Tensor weights = tensor(new[] { 0.5, 0, 2, 4, 1 });
        var views = new ProjectedViews(leaves)
        {
            Weights = weights,
            Labels = withLabels ? tensor(Labels) : null,
            Target = !withLabels && oneView ? Draw.Probabilities(8, Count, Dimension).ToTensor() : null,
        };
        using var mean = new EntropyReconstructionLoss(options);
        using var each = new EntropyReconstructionLoss(options with { Reduction = Reduction.None });
        EntropyReconstructionTerms scalars = mean.terms(views), vectors = each.terms(views);
        Tensor counted = withLabels && oneView ? tensor(new[] { 0.5, 0, 2, 0, 1 }) : weights;
        AssertMean(scalars.Reconstruction, vectors.Reconstruction, counted);
        AssertMean(scalars.Entropy, vectors.Entropy, weights);

        void AssertMean(Tensor scalar, Tensor vector, Tensor by)
        {
            Assert.That(vector.shape, Is.EqualTo(new long[] { Count }));
            Assert.That(vector[by.eq(0)].abs().max().ToDouble(), Is.Zero);
            Tensor average = vector.dot(by) / by.sum();
            Assert.That(average.ToDouble(), Is.EqualTo(scalar.ToDouble()).Within(1e-13));
            foreach ((Tensor gradient, Tensor expected) in Gradients(average, leaves).Zip(Gradients(scalar, leaves)))
            {
                Assert.That((gradient - expected).abs().max().ToDouble(), Is.LessThan(1e-13));
            }
        }
    }

    // The call of two projections has a value for each as well, and they are the rows' own where rows do not meet.
    [Test]
    public void ValuesOfPairsAreThoseOfTheirRowsAlone([Values] Support support)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
        {
            Support = support,
            Estimator = support == Support.Sphere ? EntropyEstimator.Joe : EntropyEstimator.PlugIn,
            EntropyWeight = 0,
            Reduction = Reduction.None,
        });
        Tensor first = Draw.Normal(1, Count, Dimension).ToTensor(), second = Draw.Normal(2, Count, Dimension).ToTensor();
        double[] alone = [.. Enumerable.Range(0, Count).Select(i => EntropyReconstruction.reconstruction(first[i..(i + 1)], second[i..(i + 1)], support: support).ToDouble())];
        Assert.That(loss.call(first, second).data<double>().ToArray(), Is.EqualTo(alone).Within(1e-13));
    }

    [TestCaseSource(nameof(Forms))]
    public void WhereNothingCountsTermsAndGradientsAreZero(EntropyReconstructionOptions options, bool withLabels)
    {
        Tensor[] leaves = [.. Enumerable.Range(0, 2).Select(i => full(Count, Dimension, double.NaN, float64).requires_grad_())];
        using var loss = new EntropyReconstructionLoss(options with { ReconstructionWeight = 3, EntropyWeight = 2 });
        EntropyReconstructionTerms terms = loss.terms(new ProjectedViews(leaves)
        {
            Mask = zeros(Count, ScalarType.Bool),
            Labels = withLabels ? tensor(Labels) : null,
            Centers = options.Support == Support.Sphere ? [] : [new Centers(Draw.Probabilities(9, 2, Dimension).ToTensor())],
        });
        foreach (Tensor term in Compared(terms).Append(terms.Loss))
        {
            Assert.That(term.ToDouble(), Is.Zero);
            Assert.That(Gradients(term, leaves).Select(gradient => gradient.abs().max().ToDouble()), Is.All.Zero);
        }
    }

    // The partner of the heavy row is lost beside it in any sum, so that the row counts as one without partners; the light row has a partner.
    [Test]
    public void PartnersThatWeighNothingBesideTheirRowGiveNoNaN([Values] Support support)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Support = support, EntropyWeight = 0 });
        Tensor leaf = Draw.Normal(1, 2, Dimension).ToLeaf();
        Tensor value = loss.terms(new ProjectedViews(leaf) { Weights = tensor(new[] { 1e-10, 1e10 }), Labels = tensor(new long[] { 1, 1 }) }).Loss;
        value.backward();
        double alone = loss.terms(new ProjectedViews(leaf[..1]) { Target = support == Support.Sphere ? leaf[1..] : nn.functional.softmax(leaf[1..], 1) }).Loss.ToDouble();
        Assert.That(value.ToDouble(), Is.EqualTo(alone).Within(1e-13));
        Assert.That(leaf.grad!.isfinite().all().ToBoolean());
    }

    [Test]
    public void TheFunctionalFormsCountAsTheModuleDoes([Values] Support support, [Values] EntropyEstimator estimator)
    {
        var options = new EntropyReconstructionOptions { Support = support, Estimator = estimator, EntropyWeight = 0.5 };
        Tensor[] leaves = Leaves(options)[..2];
        Tensor weights = tensor(new[] { 0.5, 1, 2, 0.25, 1 }), mask = tensor(new[] { true, false, true, true, true });
        Tensor? ids = support == Support.Sphere ? tensor(Ids) : null;
        var centers = new Centers(Draw.Probabilities(9, 2, Dimension).ToTensor());
        using var loss = new EntropyReconstructionLoss(options);
        EntropyReconstructionTerms terms = loss.terms(new ProjectedViews(leaves[0], leaves[0]) { Weights = weights, Mask = mask, Ids = ids, Centers = [centers] });
        Tensor entropy = EntropyReconstruction.entropy(leaves[0], support: support, estimator: estimator, weights: weights, mask: mask, ids: ids, centers: centers);
        Assert.That(entropy.ToDouble(), Is.EqualTo(terms.Entropy.ToDouble()).Within(1e-14));
        using var module = new EntropyReconstructionLoss(3, support, entropyWeight: 0);
        double expected = module.terms(new ProjectedViews(leaves) { Weights = weights, Mask = mask }).Loss.ToDouble();
        Tensor reconstruction = EntropyReconstruction.reconstruction(leaves[0], leaves[1], 3, support, weights: weights, mask: mask);
        Assert.That(reconstruction.ToDouble(), Is.EqualTo(expected).Within(1e-14));
    }

    [Test]
    public void ShortTypesCountAsLongOnesDo([Values] Support support, [Values(ScalarType.Float16, ScalarType.BFloat16)] ScalarType dtype, [Values(ScalarType.Float16, ScalarType.Int64)] ScalarType weightType)
    {
        var options = new EntropyReconstructionOptions { Support = support };
        using var loss = new EntropyReconstructionLoss(options);
        Tensor[] rows = [.. Leaves(options).Select(leaf => leaf.detach().to(dtype))];
        Tensor further = Draw.Probabilities(9, 2, Dimension).ToTensor(dtype), weights = tensor(new long[] { 2, 0, 1, 3, 1 }, weightType);
        EntropyReconstructionTerms Terms(ScalarType type) => loss.terms(new ProjectedViews([.. rows.Select(leaf => leaf.to(type))])
        {
            Weights = weights,
            Labels = tensor(Labels),
            Centers = support == Support.Sphere ? [] : [new Centers(further.to(type))],
        });
        foreach ((Tensor term, Tensor truth) in Compared(Terms(dtype)).Zip(Compared(Terms(float64))))
        {
            Assert.That(term.dtype, Is.EqualTo(ScalarType.Float32));
            TermValues.AssertNear(term.ToDouble(), truth.ToDouble(), 3e-6, "term"); // a rounding of float32, times κ
        }
    }

    private static Tensor[] Compared(EntropyReconstructionTerms terms) => [terms.Loss, terms.Entropy, terms.Reconstruction, terms.MutualInformationBound];

    private static Tensor[] Leaves(EntropyReconstructionOptions options) => [.. Enumerable.Range(0, 3).Select(i => Draw.InputsOf(options, 600 + i, Count, Dimension).ToLeaf())];

    private static Tensor[] Select(Tensor[] leaves, Tensor rows) => [.. leaves.Select(leaf => leaf.index_select(0, rows))];

    private static Tensor[] Gradients(Tensor value, Tensor[] leaves) => [.. autograd.grad([value], leaves, retain_graph: true)];

    private static void AssertSame(EntropyReconstructionOptions options, Tensor[] leaves, ProjectedViews actual, ProjectedViews expected)
    {
        using var loss = new EntropyReconstructionLoss(options with { EntropyWeight = 0.7, ReconstructionWeight = 1.9 });
        foreach ((Tensor term, Tensor truth) in Compared(loss.terms(actual)).Zip(Compared(loss.terms(expected))))
        {
            TermValues.AssertNear(term.ToDouble(), truth.ToDouble(), 1e-13, "value");
            foreach ((Tensor gradient, Tensor wanted) in Gradients(term, leaves).Zip(Gradients(truth, leaves)))
            {
                Assert.That((gradient - wanted).abs().max().ToDouble(), Is.LessThan(1e-13 * Math.Max(1, wanted.abs().max().ToDouble())));
            }
        }
    }
}
