using ErLoss.SelfSupervised.Gradients;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Modules.Tests;

/// <summary>Weights, masks, labels and further centres against double loops, in float64: the reconstruction on both supports, and all terms on classes.</summary>
internal sealed class CountedRowsTests : TensorTests
{
    private const double Kappa = 4, OwnKappa = 2.5;

    private static readonly GradientCheck Check = new() { Step = 1e-6, AbsoluteTolerance = 2e-7, RelativeTolerance = 2e-7 };

    private static IEnumerable<EntropyReconstructionOptions> OnSphere =>
        from normalizer in Enum.GetValues<Normalizer>()
        from kappa in (double?[])[null, OwnKappa]
        from reduction in (Reduction[])[Reduction.Mean, Reduction.None]
        select new EntropyReconstructionOptions
        {
            Kappa = Kappa,
            ReconstructionKappa = kappa,
            EntropyWeight = 0,
            ReconstructionWeight = 1.9,
            Estimator = EntropyEstimator.Joe,
            Normalizer = normalizer,
            NormalizeInputs = kappa is null,
            Reduction = reduction,
        };

    private static IEnumerable<EntropyReconstructionOptions> OnClasses =>
        from normalizer in Enum.GetValues<Normalizer>()
        from normalizeInputs in (bool[])[false, true]
        from form in ((EntropyEstimator, Reduction)[])[(EntropyEstimator.PlugIn, Reduction.Mean), (EntropyEstimator.PlugIn, Reduction.None), (EntropyEstimator.Joe, Reduction.Mean)]
        select new EntropyReconstructionOptions
        {
            Support = Support.Discrete,
            EntropyWeight = 0.7,
            ReconstructionWeight = 1.9,
            Estimator = form.Item1,
            Normalizer = normalizer,
            NormalizeInputs = normalizeInputs,
            Reduction = form.Item2,
        };

    [Test]
    public void CentersOfWeightZeroMayHoldAnything(
        [Values] Support support, [Values] KernelEvaluation evaluation, [Values(double.NaN, double.PositiveInfinity)] double anything) => Assert.Multiple(() =>
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Support = support, Evaluation = evaluation });
        Tensor rows = rand(3, 4, dtype: ScalarType.Float64).requires_grad_(), target = rand(3, 4, dtype: ScalarType.Float64);
        Tensor centers = rand(2, 4, dtype: ScalarType.Float64), spoilt = cat([centers, full(1, 4, anything, dtype: ScalarType.Float64)]).requires_grad_();
        Tensor expected = loss.terms(new ProjectedViews(rows) { Target = target, Centers = [new Centers(centers)] }).Loss;
        Tensor actual = loss.terms(new ProjectedViews(rows) { Target = target, Centers = [new Centers(spoilt) { Weights = tensor([1L, 1, 0]) }] }).Loss;
        actual.backward();
        Assert.That(actual.item<double>(), Is.EqualTo(expected.item<double>()).Within(1e-12));
        Assert.That(rows.grad!.isfinite().all().item<bool>(), Is.True);
        Assert.That(spoilt.grad![2].eq(0).all().item<bool>(), Is.True);
        Assert.That(spoilt.grad!.isfinite().all().item<bool>(), Is.True);
    });

    [Test]
    public void ReconstructionOnTheSphereIsThatOfDoubleLoops([ValueSource(typeof(CountedRows), nameof(CountedRows.All))] CountedRows rows) => Assert.Multiple(() =>
    {
        foreach (EntropyReconstructionOptions options in OnSphere)
        {
            double[][,] views = rows.Draw(options), targets = rows.DrawTargets(options);
            using var loss = new EntropyReconstructionLoss(options);
            CountedTerms.Values expected = Reconstruction(views, targets, rows, options);
            EntropyReconstructionTerms terms = loss.terms(rows.ToViews(Spoilt(views, rows), Spoilt(targets, rows)));
            AssertNear(terms.Reconstruction, expected, options, 1);
            AssertNear(terms.Loss, expected, options, 1.9);
        }
    });

    [Test]
    public void TermsOfClassesAreThoseOfDoubleLoops([ValueSource(typeof(CountedRows), nameof(CountedRows.OfClasses))] CountedRows rows) => Assert.Multiple(() =>
    {
        foreach (EntropyReconstructionOptions options in OnClasses)
        {
            double[][,] views = rows.Draw(options), targets = rows.DrawTargets(options);
            double[,]? centers = DrawCenters(rows);
            using var loss = new EntropyReconstructionLoss(options);
            CountedTerms.Values reconstruction = Reconstruction(views, targets, rows, options), entropy = Entropy(views, centers, rows, options);
            EntropyReconstructionTerms terms = loss.terms(rows.ToViews(Spoilt(views, rows), Spoilt(targets, rows), centers is null ? null : WithNaNInTheLast(centers)));
            AssertNear(terms.Reconstruction, reconstruction, options, 1);
            AssertNear(terms.Entropy, entropy, options, 1);
            AssertNear(terms.Loss - 1.9 * terms.Reconstruction + 0.7 * terms.Entropy, default, options, 0);
            AssertNear(terms.MutualInformationBound - terms.Entropy + terms.Reconstruction, default, options, 0);
        }
    });

    [Test]
    public void GradientsOnTheSphereAreThoseOfCentralDifferences([ValueSource(typeof(CountedRows), nameof(CountedRows.All))] CountedRows rows)
    {
        foreach (EntropyReconstructionOptions options in OnSphere.Where(options => options.Normalizer == Normalizer.Exact))
        {
            Tensor[] views = Leaves(rows.Draw(options), rows), targets = Spoilt(rows.DrawTargets(options), rows);
            using var loss = new EntropyReconstructionLoss(options);
            AssertRight(
                () => Mix(loss.terms(rows.ToViews(views, targets)).Loss),
                () => 1.9 * Mix(Reconstruction(Matrices(views), rows.DrawTargets(options), rows, options), options),
                views,
                rows);
        }
    }

    [Test]
    public void GradientsOfClassesAreThoseOfCentralDifferences([ValueSource(typeof(CountedRows), nameof(CountedRows.OfClasses))] CountedRows rows)
    {
        foreach (EntropyReconstructionOptions options in OnClasses.Where(options => options.Normalizer == Normalizer.Exact || options is { NormalizeInputs: true, Reduction: Reduction.Mean }))
        {
            Tensor[] views = Leaves(rows.Draw(options), rows), targets = Spoilt(rows.DrawTargets(options), rows);
            Tensor[] centers = DrawCenters(rows) is { } drawn ? [drawn.ToLeaf()] : [];
            using var loss = new EntropyReconstructionLoss(options);
            AssertRight(
                () => Mix(loss.terms(rows.ToViews(views, targets, centers.FirstOrDefault())).Loss),
                () => 1.9 * Mix(Reconstruction(Matrices(views), rows.DrawTargets(options), rows, options), options)
                    - 0.7 * Mix(Entropy(Matrices(views), Matrices(centers).FirstOrDefault(), rows, options), options),
                [.. views, .. centers],
                rows);
        }
    }

    // All rows are their own only partners, so that the partners are the other views' rows.
    [Test]
    public void LabelsThatAllDifferChangeNothing([Values] Support support, [Values] bool weighted)
    {
        using var loss = new EntropyReconstructionLoss(support: support);
        Tensor[] views = [.. Enumerable.Range(0, 3).Select(i => Draw.Normal(i, 5, 4).ToLeaf())];
        Tensor? weights = weighted ? tensor(new[] { 1e-9, 2, 0, 1e9, 0.5 }) : null;
        Tensor plain = loss.terms(new ProjectedViews(views) { Weights = weights }).Reconstruction;
        Tensor labelled = loss.terms(new ProjectedViews(views) { Weights = weights, Labels = tensor(new long[] { 3, -8, 0, 7, 5 }) }).Reconstruction;
        Assert.That(labelled.ToDouble(), Is.EqualTo(plain.ToDouble()).Within(1e-14));
        foreach ((Tensor gradient, Tensor expected) in autograd.grad([labelled], views).Zip(autograd.grad([plain], views)))
        {
            Assert.That((gradient - expected).abs().max().ToDouble(), Is.LessThan(1e-14));
        }
    }

    [Test]
    public void ClassNumbersOfRowsThatDoNotCountMayBeAnything([Values] bool asWeights)
    {
        using var loss = new EntropyReconstructionLoss(support: Support.Discrete);
        Tensor[] logits = [Draw.Normal(1, 4, 3).ToTensor(), Draw.Normal(2, 4, 3).ToTensor()];
        Tensor numbers = tensor(new long[] { 2, -100, 0, 7 }), kept = tensor(new long[] { 0, 2 });
        EntropyReconstructionTerms all = loss.terms(new ProjectedViews(logits)
        {
            Target = numbers,
            Mask = asWeights ? null : tensor(new[] { true, false, true, false }),
            Weights = asWeights ? tensor(new long[] { 5, 0, 5, 0 }) : null,
        });
        EntropyReconstructionTerms removed = loss.terms(
            new ProjectedViews([.. logits.Select(rows => rows.index_select(0, kept))]) { Target = numbers.index_select(0, kept) });
        TermValues.Of(all).AssertNear(TermValues.Of(removed), 1e-14);
        Assert.That(
            () => loss.terms(new ProjectedViews(logits) { Target = numbers, Mask = tensor(new[] { true, true, true, false }) }),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("views.Target").And.Message.Contains("from -100 to 2"));
    }

    private static CountedTerms.Values Reconstruction(double[][,] views, double[][,] targets, CountedRows rows, EntropyReconstructionOptions options) => CountedTerms.Reconstruction(
        OnSupport(views, options),
        options.Support == Support.Sphere ? OnSupport(targets, options) : targets,
        rows,
        options,
        options.ReconstructionKappa ?? options.Kappa);

    private static CountedTerms.Values Entropy(double[][,] views, double[,]? centers, CountedRows rows, EntropyReconstructionOptions options) =>
        CountedTerms.ClassEntropy(OnSupport(views, options), centers, rows, options);

    private static double[][,] OnSupport(double[][,] views, EntropyReconstructionOptions options) => [.. views.Select(view => Recomputation.OnSupport(view, options))];

    private static double[,]? DrawCenters(CountedRows rows) => rows.HasCenters ? Draw.Probabilities(500, 3, CountedRows.Dimension) : null;

    private static Tensor WithNaNInTheLast(double[,] centers) => Matrix.Create(3, CountedRows.Dimension, (j, c) => j == 2 ? double.NaN : centers[j, c]).ToTensor();

    private static Tensor[] Spoilt(double[][,] matrices, CountedRows rows) => [.. matrices.Select(matrix => rows.Spoil(matrix, double.NaN).ToTensor())];

    private static Tensor[] Leaves(double[][,] matrices, CountedRows rows) => [.. matrices.Select(matrix => rows.Spoil(matrix, 1e6).ToLeaf())];

    private static double[][,] Matrices(Tensor[] tensors) => [.. tensors.Select(tensor => tensor.ToMatrix())];

    // Generic coefficients: an error in the gradient of any row's value shows.
    private static Tensor Mix(Tensor value) => value.dim() == 0 ? value : value.dot(tensor(Coefficients));

    private static double Mix(CountedTerms.Values values, EntropyReconstructionOptions options) =>
        options.Reduction == Reduction.None ? values.Each.Zip(Coefficients, (value, c) => c * value).Sum() : values.Mean;

    private static double[] Coefficients => [0.31, -0.57, 0.83, 1.3, -0.2, 0.9];

    private static void AssertNear(Tensor actual, CountedTerms.Values expected, EntropyReconstructionOptions options, double factor)
    {
        double[] wanted = options.Reduction == Reduction.Mean ? [factor * expected.Mean] : [.. (expected.Each ?? new double[CountedRows.Count]).Select(value => factor * value)];
        Assert.That(actual.dim(), Is.EqualTo(options.Reduction == Reduction.Mean ? 0 : 1));
        Assert.That(actual.reshape(-1).data<double>().ToArray(), Is.EqualTo(wanted).Within(1e-12), options.ToString());
    }

    /// <summary>Asserts that the gradients are right, and exactly zero in rows that do not count.</summary>
    private static void AssertRight(Func<Tensor> function, Func<double> recomputed, Tensor[] variables, CountedRows rows)
    {
        GradientComparison comparison = Check.Run(function, [.. variables.Select((variable, i) => ($"{i}", variable))], () => tensor(recomputed()));
        Assert.That(comparison.IsRight, comparison.ToString());
        IList<Tensor> gradients = autograd.grad([function()], variables);
        Assert.That(comparison.LargestDerivative > 0 || rows.IsEmpty, "the truth says something");
        for (int i = 0; i < CountedRows.Count; i++)
        {
            if (rows.WeightOf(i) == 0)
            {
                Assert.That(gradients.Take(rows.Views).Select(gradient => gradient[i].abs().max().ToDouble()), Is.All.Zero, $"row {i}");
            }
        }
    }
}
