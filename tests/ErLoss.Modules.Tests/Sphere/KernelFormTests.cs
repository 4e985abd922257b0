using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Entropies on the sphere with weights, masks, ids and further centres, in both evaluations.</summary>
internal sealed class KernelFormTests : TensorTests
{
    private const int K = 7, M = 5, D = 3;

    private static readonly double[] s_weights = [1, 0.5, 2, 0, 3, 0.25, 1], s_centerWeights = [2, 0, 1, 0.5, 7];
    private static readonly bool[] s_mask = [true, true, false, true, true, false, true];
    private static readonly long[] s_ids = [4, 9, 4, 1, 9, 9, 2], s_centerIds = [9, 11, 4, 4, -3];
    private static readonly double[,] s_centers = Draw.UnitRows(77, M, D);

    internal static readonly KernelCase[] Cases =
    [
        new("plain"),
        new("weights") { Weights = s_weights },
        new("mask") { Mask = s_mask },
        new("weights and mask") { Weights = s_weights, Mask = s_mask },
        new("ids") { Ids = s_ids },
        new("ids and weights") { Ids = s_ids, Weights = s_weights },
        new("one id for all") { Ids = [3, 3, 3, 3, 3, 3, 3] },
        new("one id for all but one") { Ids = [3, 3, 3, 3, 3, 3, 5], Weights = s_weights },
        new("nothing counts") { Mask = new bool[K] },
        new("centres") { Centers = s_centers },
        new("weighted centres") { Centers = s_centers, CenterWeights = s_centerWeights },
        new("weights and centres") { Centers = s_centers, Weights = s_weights },
        new("ids and centres without") { Centers = s_centers, Ids = s_ids },
        new("ids and centres with") { Centers = s_centers, Ids = s_ids, CenterIds = s_centerIds },
        new("everything") { Centers = s_centers, Ids = s_ids, CenterIds = s_centerIds, Weights = s_weights, CenterWeights = s_centerWeights, Mask = s_mask },
        new("centres of one id alone") { Centers = s_centers, Ids = [3, 3, 3, 3, 3, 3, 3], CenterIds = [3, 3, 3, 3, 3] },
    ];

    private static readonly double[] s_kappas = [4, 100];

    [Test]
    public void ValuesAreThoseOfTheDefinition(
        [ValueSource(nameof(Cases))] KernelCase form,
        [ValueSource(nameof(s_kappas))] double kappa,
        [Values] EntropyEstimator estimator,
        [Values] bool leaveOneOut,
        [Values(KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention)] KernelEvaluation evaluation)
    {
        double[,] z = Draw.Normal(5, K, D);
        using EntropyReconstructionLoss loss = Make(kappa, estimator, leaveOneOut, evaluation);
        if (IsRefused(form, evaluation))
        {
            Assert.That(() => loss.terms(form.Views([z.ToTensor(), z.ToTensor()], form.Centers?.ToTensor())), Throws.ArgumentException.With.Message.Contains("equal ids"));
            return;
        }
        EntropyReconstructionTerms terms = loss.terms(form.Views([z.ToTensor(), z.ToTensor()], form.Centers?.ToTensor()));
        double expected = form.Entropy(z.WithUnitRows(), form.Centers, kappa, estimator, leaveOneOut);
        bool counts = form.RowValues(z.WithUnitRows(), form.Centers, kappa, leaveOneOut).Shares.Sum() > 0;
        double constant = counts ? VonMisesFisher.LogNormalizer(D, kappa) : 0;
        TermValues.AssertNear(terms.Entropy.ToDouble(), expected - constant, 1e-11, "entropy");
    }

    // Float32 rows: the shifts, the tiles and the weights in the rows' type.
    [Test]
    public void SinglePrecisionIsNear([ValueSource(nameof(Cases))] KernelCase form, [Values(4, 1000)] double kappa, [Values] bool leaveOneOut)
    {
        double[,] z = Draw.Normal(5, K, D);
        using EntropyReconstructionLoss loss = Make(kappa, EntropyEstimator.Joe, leaveOneOut, KernelEvaluation.Fused);
        Tensor rows = z.ToTensor(ScalarType.Float32);
        EntropyReconstructionTerms terms = loss.terms(form.Views([rows, rows], form.Centers?.ToTensor(ScalarType.Float32)));
        double expected = form.Entropy(z.WithUnitRows(), form.Centers, kappa, EntropyEstimator.Joe, leaveOneOut);
        bool counts = form.RowValues(z.WithUnitRows(), form.Centers, kappa, leaveOneOut).Shares.Sum() > 0;
        Assert.That(terms.Entropy.ToDouble(), Is.EqualTo(expected - (counts ? VonMisesFisher.LogNormalizer(D, kappa) : 0)).Within(1e-6 * (10 + kappa)));
    }

    // Central differences of fourth order along a random direction of projections, centres and κ together; projections normalised and as given.
    [Test]
    public void GradientsAreThoseOfTheValue(
        [ValueSource(nameof(Cases))] KernelCase form,
        [Values] EntropyEstimator estimator,
        [Values] bool leaveOneOut,
        [Values] bool normalizeInputs,
        [Values(KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention)] KernelEvaluation evaluation)
    {
        Assume.That(!IsRefused(form, evaluation));
        using EntropyReconstructionLoss loss = Make(4, estimator, leaveOneOut, evaluation, learnKappa: !leaveOneOut, normalizeInputs);
        Tensor z = Draw.Normal(5, K, D).ToLeaf();
        Tensor? y = form.Centers?.ToLeaf();
        Tensor Value() => loss.terms(form.Views([z, z], y)).Entropy;
        Value().backward();
        // All leaves move at once: a wrong derivative in any of them shows in the one along this direction.
        Tensor[] leaves = [z, .. y is null ? (Tensor[])[] : [y], .. loss.parameters()];
        Tensor[] directions = [.. leaves.Select((leaf, i) => Draw.Normal(90 + i, (int)leaf.numel(), 1).ToTensor().view(leaf.shape))], starts = [.. leaves.Select(leaf => leaf.detach().clone())];
        double At(double step)
        {
            using IDisposable noGrad = no_grad();
            for (int i = 0; i < leaves.Length; i++)
            {
                leaves[i].copy_(starts[i] + step * directions[i]);
            }
            return Value().ToDouble();
        }
        const double Step = 1e-3;
        double numeric = (8 * (At(Step) - At(-Step)) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
        double gradient = leaves.Zip(directions, (leaf, direction) => (leaf.grad! * direction).sum().ToDouble()).Sum();
        TermValues.AssertNear(gradient, numeric, 1e-9, "derivative");
    }

    [Test]
    public void RowsThatDoNotCountGetNoGradientWhateverTheyHold([Values] EntropyEstimator estimator, [Values] bool leaveOneOut, [Values(KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention)] KernelEvaluation evaluation)
    {
        using EntropyReconstructionLoss loss = Make(4, estimator, leaveOneOut, evaluation);
        double[,] all = Draw.Normal(5, K, D);
        int[] present = [.. Enumerable.Range(0, K).Where(i => s_mask[i])];
        Tensor z = Matrix.Create(K, D, (i, c) => s_mask[i] ? all[i, c] : double.NaN).ToLeaf(), removed = Matrix.Create(present.Length, D, (i, c) => all[present[i], c]).ToLeaf();
        Tensor masked = loss.terms(new ProjectedViews(z, z) { Mask = tensor(s_mask) }).Entropy, rest = loss.terms(removed, removed).Entropy;
        masked.backward();
        rest.backward();
        TermValues.AssertNear(masked.ToDouble(), rest.ToDouble(), 1e-13, "entropy");
        Tensor gradient = z.grad!;
        Assert.That(gradient[tensor(s_mask).logical_not()].abs().max().ToDouble(), Is.Zero);
        Assert.That(RelativeError.Of(gradient[tensor(s_mask)], removed.grad!), Is.LessThan(1e-12));
    }

    // Copies under one id; with the own kernel kept, copies without ids as well.
    [Test]
    public void WholeWeightsEqualRepetition([Values] EntropyEstimator estimator, [Values] bool leaveOneOut, [Values] bool haveIds, [Values(KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention)] KernelEvaluation evaluation)
    {
        Assume.That(haveIds ? evaluation != KernelEvaluation.Attention : !leaveOneOut);
        using EntropyReconstructionLoss loss = Make(4, estimator, leaveOneOut, evaluation);
        long[] copies = [1, 3, 2, 1, 1, 4, 1];
        int[] sources = [.. Enumerable.Range(0, K).SelectMany(i => Enumerable.Repeat(i, (int)copies[i]))];
        double[,] rows = Draw.Normal(5, K, D);
        Tensor once = rows.ToTensor(), often = Matrix.Create(sources.Length, D, (i, c) => rows[sources[i], c]).ToTensor();
        Centers centers = new(Draw.Normal(6, M, D).ToTensor());
        double weighted = loss.terms(new ProjectedViews(once, once) { Weights = tensor(copies), Centers = [centers] }).Entropy.ToDouble();
        var repeated = new ProjectedViews(often, often) { Ids = haveIds ? tensor([.. sources.Select(i => (long)i)]) : null, Centers = [centers] };
        TermValues.AssertNear(weighted, loss.terms(repeated).Entropy.ToDouble(), 1e-13, "entropy");
    }

    // One row outweighs all others, and with leave-one-out these are all that its density has.
    [Test]
    public void LightCentersOfAHeavyRowDoNotUnderflow(
        [Values(KernelEvaluation.Fused, KernelEvaluation.Composed)] KernelEvaluation evaluation, [Values] bool leaveOneOut,
        [Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype, [Values(10, 50)] double kappa, [Values(1e-20, 1e-37, 1e-43, 1e-300)] double light, [Values] bool haveCenters)
    {
        var form = new KernelCase("light") { Weights = [1, light, light], Centers = haveCenters ? s_centers : null, CenterWeights = haveCenters ? [light, 0, light, light, light] : null };
        double[,] z = Draw.Normal(5, 3, D);
        using EntropyReconstructionLoss loss = Make(kappa, EntropyEstimator.Joe, leaveOneOut, evaluation);
        Tensor rows = z.ToLeaf(dtype), centers = s_centers.ToLeaf(dtype);
        Tensor entropy = loss.terms(form.Views([rows, rows], haveCenters ? centers : null)).Entropy;
        entropy.backward();
        double expected = form.Entropy(z.WithUnitRows(), form.Centers, kappa, EntropyEstimator.Joe, leaveOneOut) - VonMisesFisher.LogNormalizer(D, kappa);
        // The composed form has the logarithms of weights in the rows' type.
        double rounding = evaluation == KernelEvaluation.Composed && leaveOneOut ? 1e-5 - Math.Log(light) * 1e-7 : 1e-5;
        TermValues.AssertNear(entropy.ToDouble(), expected, dtype == ScalarType.Float64 ? 1e-12 : rounding, "entropy");
        Assert.That(rows.grad!.isfinite().all().item<bool>());
    }

    [Test]
    public void TheScaleOfAllWeightsChangesNothing([Values] EntropyEstimator estimator, [Values] bool leaveOneOut, [Values(1e-200, 1e30, 1e200, 1e307)] double scale)
    {
        using EntropyReconstructionLoss loss = Make(4, estimator, leaveOneOut, KernelEvaluation.Fused);
        Tensor z = Draw.Normal(5, K, D).ToTensor();
        double Value(double factor) => loss.terms(new ProjectedViews(z, z)
        {
            Weights = tensor(s_weights) * factor,
            Centers = [new(s_centers.ToTensor()) { Weights = tensor(s_centerWeights) * factor }],
        }).Entropy.ToDouble();
        TermValues.AssertNear(Value(scale), Value(1), 1e-13, "entropy");
    }

    // The quotient of two weights may be below all numbers. Such rows add nothing to any density, their own included.
    [Test]
    public void RowsMayWeighNothingBesideTheCenters(
        [Values] EntropyEstimator estimator, [Values] bool leaveOneOut, [Values(KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention)] KernelEvaluation evaluation)
    {
        using EntropyReconstructionLoss loss = Make(4, estimator, leaveOneOut, evaluation);
        Tensor z = Draw.Normal(5, K, D).ToTensor();
        (double Entropy, double Bound) Values(double light)
        {
            EntropyReconstructionTerms terms = loss.terms(new ProjectedViews(z, z)
            {
                Weights = tensor(s_weights) * light,
                Centers = [new(s_centers.ToTensor()) { Weights = tensor(s_centerWeights) / light }],
            });
            return (terms.Entropy.ToDouble(), terms.MutualInformationBound.ToDouble());
        }
        (double entropy, double bound) = Values(1e-200);
        TermValues.AssertNear(entropy, Values(1e-20).Entropy, 1e-13, "entropy");
        TermValues.AssertNear(bound, Values(1e-20).Bound, 1e-13, "bound");
    }

    // Attention knows no ids.
    private static bool IsRefused(KernelCase form, KernelEvaluation evaluation) => evaluation == KernelEvaluation.Attention && form.Ids is not null;

    private static EntropyReconstructionLoss Make(
        double kappa, EntropyEstimator estimator, bool leaveOneOut, KernelEvaluation evaluation, bool learnKappa = false, bool normalizeInputs = true) =>
        new(new EntropyReconstructionOptions
        {
            Kappa = kappa,
            Estimator = estimator,
            LeaveOneOut = leaveOneOut,
            Evaluation = evaluation,
            LearnKappa = learnKappa,
            NormalizeInputs = normalizeInputs,
        });
}
