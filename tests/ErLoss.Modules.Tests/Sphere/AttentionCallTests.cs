using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>The loss by attention in one call, without and with further centres that have no gradient: the rows of a queue.</summary>
public class AttentionCallTests : TensorTests
{
    // As on a CPU, and as on a GPU: columns a multiple of 8, sequences one of 16.
    private static readonly (int Columns, int Multiple)[] s_sizes = [(1, 1), (8, 16)];

    [Test]
    public void TheLossIsThatOfTheComposedForm(
        [Values] EntropyEstimator estimator, [Values("", "leave-one-out", "learnt κ", "two κ", "κ beyond usual numbers")] string kind, [Values] bool terms, [Values(0, 1, 7)] int m)
    {
        var options = new EntropyReconstructionOptions
        {
            Kappa = kind == "κ beyond usual numbers" ? 1e-11 : 7,
            Estimator = estimator,
            EntropyWeight = 1.3,
            ReconstructionWeight = 0.8,
            LeaveOneOut = kind == "leave-one-out",
            LearnKappa = kind == "learnt κ",
            ReconstructionKappa = kind == "two κ" ? 3 : null,
            LearnReconstructionKappa = kind == "two κ",
        };
        foreach ((int k, int d) in ((int, int)[])[(2, 2), (3, 5), (9, 300), (34, 3)])
        {
            using var scope = NewDisposeScope();
            // One row has no direction, and neither has a centre.
            Tensor first = Draw.Normal(k, k, d).ToTensor(), second = first + 0.5 * Draw.Normal(k + 1, k, d).ToTensor(), centers = first.mean([0]) + Draw.Normal(3, m, d).ToTensor();
            first[0].mul_(k == 9 ? 0 : 1);
            centers[..1].mul_(m == 7 ? 0 : 1);
            Tensor[] expected = Run(KernelEvaluation.Composed), actual = Run(KernelEvaluation.Attention);
            Assert.That(actual, Has.Length.EqualTo(expected.Length));
            foreach ((Tensor wanted, Tensor got) in expected.Zip(actual))
            {
                Assert.That((got - wanted).norm().ToDouble(), Is.LessThan(2e-12 * Math.Max(1, wanted.norm().ToDouble())), $"{k} × {d}");
            }

            Tensor[] Run(KernelEvaluation evaluation)
            {
                using var loss = new EntropyReconstructionLoss(options with { Evaluation = evaluation });
                Tensor leaf1 = first.clone().requires_grad_(), leaf2 = second.clone().requires_grad_();
                Tensor[] values = terms || m > 0 ? Terms(loss.terms(new ProjectedViews(leaf1, leaf2) { Centers = m == 0 ? [] : [new(centers)] })) : [loss.call(leaf1, leaf2)];
                values[0].backward();
                return [.. values, leaf1.grad!, leaf2.grad!, .. loss.parameters().Select(parameter => parameter.grad!)];
            }

            Tensor[] Terms(EntropyReconstructionTerms all) => terms ? [2 * all.Entropy + all.Reconstruction, all.Loss, all.MutualInformationBound] : [all.Loss];
        }
    }

    // One call for the entropies of all views; the reconstruction is computed as ever.
    [Test]
    public void TheEntropyOfAnyNumberOfViewsIsThatOfTheComposedForm([Values] EntropyEstimator estimator, [Values(1, 2, 5)] int count, [Values] bool leaveOneOut, [Values] bool haveQueue)
    {
        Tensor[] rows = [.. Enumerable.Range(0, count).Select(view => Draw.Normal(view, 9, 4).ToTensor())], targets = [.. rows.Select(view => view.flip(0))];
        Tensor centers = Draw.Normal(8, 5, 4).ToTensor();
        Tensor[] expected = Run(KernelEvaluation.Composed), actual = Run(KernelEvaluation.Attention);
        foreach ((Tensor wanted, Tensor got) in expected.Zip(actual))
        {
            Assert.That((got - wanted).norm().ToDouble(), Is.LessThan(1e-12 * Math.Max(1, wanted.norm().ToDouble())));
        }

        Tensor[] Run(KernelEvaluation evaluation)
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Estimator = estimator, LeaveOneOut = leaveOneOut, LearnKappa = !leaveOneOut, Evaluation = evaluation });
            Tensor[] leaves = [.. rows.Select(view => view.clone().requires_grad_())];
            EntropyReconstructionTerms terms = loss.terms(new ProjectedViews(leaves)
            {
                Targets = count == 1 ? null : targets,
                Target = count == 1 ? targets[0] : null,
                Centers = haveQueue ? [new(centers)] : [],
            });
            terms.Loss.backward();
            return [terms.Loss, terms.Entropy, terms.MutualInformationBound, .. leaves.Select(leaf => leaf.grad!), .. loss.parameters().Select(parameter => parameter.grad!)];
        }
    }

    // 37 centres are filled up to 48, which must not weigh anything.
    [Test]
    public void RoundedProductsCostWhatTheirTypeRounds([Values] EntropyEstimator estimator, [Values] bool leaveOneOut, [Values(0.5, 10, 100)] double kappa)
    {
        Tensor rows = Draw.UnitRows(1, 33, 24).ToTensor(ScalarType.Float32), centers = Draw.UnitRows(2, 37, 24).ToTensor(ScalarType.Float32) * 3;
        var truth = new TangentialTruth(rows, kappa, estimator, leaveOneOut, centers);
        foreach ((ScalarType products, double rounding) in ((ScalarType, double)[])[(ScalarType.Float32, 6e-7), (ScalarType.Float16, 5e-4), (ScalarType.BFloat16, 4e-3)])
        {
            foreach ((int columns, int multiple) in s_sizes)
            {
                string what = $"{products}, {columns}";
                (double value, Tensor gradient) = Differentiate(rows, centers, kappa, estimator, leaveOneOut, new Attention(CPU, products) { Columns = columns, Multiple = multiple });
                Assert.That(value, Is.EqualTo(truth.Entropy).Within(rounding * 2 * (1 + kappa)), what);
                double allowed = rounding * 8 * (1 + kappa / 5);
                Assert.That(truth.Error(gradient), Is.LessThan(allowed), what);
                Assert.That(truth.LargestRowError(gradient), Is.LessThan(2 * allowed), $"{what}, by row");
            }
        }
    }

    // Each of these has more calls than one, whose results are the same.
    [Test]
    public void CentersThatDifferFromThoseOfAQueueAreServedToo([Values("with gradient", "with weights", "of each view")] string kind)
    {
        Tensor[] rows = [Draw.Normal(1, 6, 4).ToTensor(), Draw.Normal(2, 6, 4).ToTensor()], centers = [Draw.Normal(3, 5, 4).ToTensor(), Draw.Normal(4, 3, 4).ToTensor()];
        Tensor[] expected = Run(KernelEvaluation.Composed), actual = Run(KernelEvaluation.Attention);
        foreach ((Tensor wanted, Tensor got) in expected.Zip(actual))
        {
            Assert.That((got - wanted).norm().ToDouble(), Is.LessThan(1e-12 * Math.Max(1, wanted.norm().ToDouble())));
        }

        Tensor[] Run(KernelEvaluation evaluation)
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Evaluation = evaluation });
            Tensor[] leaves = [.. rows.Concat(centers).Select(tensor => tensor.clone().requires_grad_(kind == "with gradient" || rows.Contains(tensor)))];
            Tensor value = loss.terms(new ProjectedViews(leaves[..2])
            {
                Centers = kind == "of each view" ? [new(leaves[2]), new(leaves[3])] : [new(leaves[2]) { Weights = kind == "with weights" ? arange(5, dtype: ScalarType.Float64) : null }],
            }).Loss;
            value.backward();
            return [value, .. leaves.Select(leaf => leaf.grad).OfType<Tensor>()];
        }
    }

    [Test]
    public void CallsLeaveTheirResultsAliveAndNoOtherTensor()
    {
        using Tensor first = Draw.Normal(1, 5, 3).ToLeaf(ScalarType.Float32), second = Draw.Normal(2, 5, 3).ToTensor(ScalarType.Float32), queue = Draw.Normal(3, 7, 3).ToTensor(ScalarType.Float32);
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Evaluation = KernelEvaluation.Attention });
        var views = new ProjectedViews(first, second) { Centers = [new(queue)] };
        loss.terms(views).Dispose(); // what is made once for all calls
        long before = LiveTensors.Count;
        using (loss.terms(views))
        {
            Assert.That(LiveTensors.Count - before, Is.EqualTo(4));
        }
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    private static (double Value, Tensor Gradient) Differentiate(Tensor rows, Tensor centers, double kappa, EntropyEstimator estimator, bool leaveOneOut, Attention attention)
    {
        var concentration = new Concentration(kappa);
        var options = new EntropyReconstructionOptions { Kappa = kappa, Estimator = estimator, LeaveOneOut = leaveOneOut };
        var settings = new KernelSettings(concentration, estimator, leaveOneOut, UnitRows: true) { Evaluation = KernelEvaluation.Attention, Attention = attention };
        Tensor leaf = rows.detach().clone().requires_grad_();
        Tensor entropy = AttentionLoss.Compute(new ProjectedViews(leaf, leaf) { Centers = [new(centers)] }, options, settings, concentration, WantedTerms.All)!.Value.Entropy!;
        entropy.backward();
        return (entropy.ToDouble(), leaf.grad!);
    }
}
