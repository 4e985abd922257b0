using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>The loss of two views by attention in one call: its errors, and the sizes and types that a GPU's kernels want, on the CPU.</summary>
public class AttentionLossTests : TensorTests
{
    // As on a CPU, and as on a GPU: columns a multiple of 8, sequences one of 16.
    private static readonly (int Columns, int Multiple)[] s_sizes = [(1, 1), (8, 16)];

    public enum Rows { Spread, Clusters, Concentrated, Collapsed, Opposite, NearPairs, ClusterAndOpposite, ClusterAndStrays }

    // In norm and by row, in the sizes of a CPU's and of a GPU's calls. A gradient that is a difference of nearly equal rows is lost in rounding: of collapsed rows and near pairs the value is
    // checked alone.
    [Test]
    public void RoundedProductsCostWhatTheirTypeRounds([Values] Rows kind, [Values(0.5, 10, 100)] double kappa)
    {
        foreach ((int k, int d) in ((int, int)[])[(64, 128), (33, 7)])
        {
            Tensor rows = Make(kind, k, d).to(ScalarType.Float32);
            foreach ((EntropyEstimator estimator, bool leaveOneOut) in from estimator in Enum.GetValues<EntropyEstimator>() from leaveOneOut in (bool[])[false, true] select (estimator, leaveOneOut))
            {
                using var scope = NewDisposeScope();
                var truth = new TangentialTruth(rows, kappa, estimator, leaveOneOut);
                foreach ((ScalarType products, double rounding) in ((ScalarType, double)[])[(ScalarType.Float32, 6e-7), (ScalarType.Float16, 5e-4), (ScalarType.BFloat16, 4e-3)])
                {
                    foreach ((int columns, int multiple) in s_sizes)
                    {
                        string what = $"{k} × {d}, {products}, {estimator}, {(leaveOneOut ? "leave-one-out" : "all")}, {columns}";
                        (double value, Tensor gradient) = Differentiate(rows, kappa, estimator, leaveOneOut, new Attention(CPU, products) { Columns = columns, Multiple = multiple });
                        Assert.That(value, Is.EqualTo(truth.Entropy).Within(rounding * 2 * (1 + kappa)), what);
                        if (kind is Rows.Collapsed or Rows.NearPairs or Rows.Opposite)
                        {
                            Assert.That(gradient.isfinite().all().item<bool>(), what);
                            continue;
                        }
                        double allowed = rounding * 8 * (1 + kappa / 5);
                        Assert.That(truth.Error(gradient), Is.LessThan(allowed), what);
                        Assert.That(truth.LargestRowError(gradient), Is.LessThan(2 * allowed), $"{what}, by row");
                    }
                }
            }
        }
    }

    // Factors of the values are 1/k for a small κ: times a row's entries they would be subnormal numbers of float16, and the gradient wrong by a percent and more.
    [Test]
    public void ManyRowsLoseNoDigitsInHalfPrecision()
    {
        Tensor rows = Make(Rows.Spread, 1536, 64);
        (_, Tensor expected) = Differentiate(rows, 0.5, EntropyEstimator.Joe, false, new Attention(CPU, ScalarType.Float64));

        (_, Tensor actual) = Differentiate(rows.to(ScalarType.Float32), 0.5, EntropyEstimator.Joe, false, new Attention(CPU, ScalarType.Float16));

        Assert.That(((actual - expected).norm() / expected.norm()).ToDouble(), Is.LessThan(8e-4));
    }

    // The factor of a row of zeros would be e^κ/k, which is infinite in float16.
    [Test]
    public void ARowOfZerosGivesNoNaNInHalfPrecision([Values] EntropyEstimator estimator, [Values(20, 70)] double kappa)
    {
        Tensor rows = Make(Rows.Spread, 16, 8).to(ScalarType.Float32);
        rows[3] = zeros(8);

        (double value, Tensor gradient) = Differentiate(rows, kappa, estimator, false, new Attention(CPU, ScalarType.Float16));

        Assert.That(value, Is.Not.NaN);
        Assert.That(gradient.isfinite().all().item<bool>(), Is.True);
        Assert.That(gradient[3].count_nonzero().item<long>(), Is.Zero);
    }

    [Test]
    public void OneTriangleAfterTheOtherGivesTheSame([Values] bool haveLogits)
    {
        AttentionUnit unit = AttentionUnit.Of(AttentionKernel.Processor)!;
        Tensor rows = Draw.UnitRows(3, 9, 4).ToTensor(), root = tensor(2.0), numbers = Draw.Normal(4, 9, 1).ToTensor().view(9);
        var together = new AttentionShape(ScalarType.Float64, 1, 1, Apart: false);
        (Tensor means, Tensor logSums) = unit.Others(rows, root, haveLogits ? numbers : null, haveLogits ? numbers.sign() : null, together);
        (Tensor apartMeans, Tensor apartLogSums) = unit.Others(rows, root, haveLogits ? numbers : null, haveLogits ? numbers.sign() : null, together with { Apart = true });
        Assert.That((apartMeans - means).abs().max().ToDouble(), Is.LessThan(1e-15));
        Assert.That((apartLogSums - logSums).abs().max().ToDouble(), Is.LessThan(1e-15));
    }

    // Padding weighs nothing against further centres, with weights and without, in either direction.
    [Test]
    public void FurtherCentersOfAnyNumberMayBeFilledUp([Values] bool haveWeights, [Values(1, 5, 16)] int m)
    {
        Tensor rows = Draw.UnitRows(3, 7, 3).ToTensor(), centers = Draw.UnitRows(4, m, 3).ToTensor(), slopes = Draw.Normal(5, 7, 1).ToTensor().view(7);
        Tensor? weights = haveWeights ? Draw.Normal(6, m, 1).ToTensor().view(m).abs() : null;
        Tensor[] expected = Compute(1, 1), actual = Compute(8, 16);
        foreach ((Tensor wanted, Tensor got) in expected.Zip(actual))
        {
            Assert.That((got - wanted).abs().max().ToDouble(), Is.LessThan(1e-13));
        }

        Tensor[] Compute(int columns, int multiple)
        {
            var kernels = new AttentionCenters(rows, centers, weights, new Concentration(5), new Attention(CPU, ScalarType.Float64) { Columns = columns, Multiple = multiple });
            Tensor logSums = kernels.LogSums();
            return [logSums, kernels.RowGradient(slopes, logSums), kernels.CenterGradient(slopes, logSums)];
        }
    }

    [Test]
    public void CallsLeaveTheirResultsAliveAndNoOtherTensor([Values] EntropyEstimator estimator, [Values] bool learnKappa)
    {
        using Tensor first = Draw.Normal(1, 5, 3).ToLeaf(ScalarType.Float32), second = Draw.Normal(2, 5, 3).ToTensor(ScalarType.Float32);
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Estimator = estimator, LearnKappa = learnKappa, LeaveOneOut = !learnKappa, Evaluation = KernelEvaluation.Attention });
        loss.terms(first, second).Dispose(); // what is made once for all calls
        long before = LiveTensors.Count;
        using (loss.call(first, second))
        {
            Assert.That(LiveTensors.Count - before, Is.EqualTo(1));
        }
        using (loss.terms(first, second))
        {
            Assert.That(LiveTensors.Count - before, Is.EqualTo(4));
        }
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    [Test]
    public void TrainingTakesTheSameCourseAsOverTiles([Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        double[] tiles = Train(KernelEvaluation.Fused), attended = Train(KernelEvaluation.Attention);
        Assert.That(attended, Is.EqualTo(tiles).Within(dtype == ScalarType.Float64 ? 1e-11 : 1e-4));
        Assert.That(tiles[^1], Is.LessThan(tiles[0] - 0.1), "it trains");

        double[] Train(KernelEvaluation evaluation)
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Evaluation = evaluation, LearnKappa = true, Kappa = 3 });
            using var first = new Parameter(Draw.Normal(1, 32, 6).ToTensor(dtype));
            using var second = new Parameter(first.detach() + 0.3 * Draw.Normal(2, 32, 6).ToTensor(dtype));
            using optim.Optimizer optimizer = optim.SGD([.. loss.parameters(), first, second], 0.5);
            return [.. Enumerable.Range(0, 12).Select(_ => Step())];

            double Step()
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                Tensor value = loss.call(first, second);
                value.backward();
                optimizer.step();
                return value.ToDouble();
            }
        }
    }

    [Test]
    public void WithoutGradientThereIsOnlyTheValue([Values] EntropyEstimator estimator, [Values] bool leaveOneOut)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Estimator = estimator, LeaveOneOut = leaveOneOut, Evaluation = KernelEvaluation.Attention });
        Tensor first = Draw.Normal(1, 5, 3).ToLeaf(), second = Draw.Normal(2, 5, 3).ToTensor(), with = loss.call(first, second);
        Assert.That(with.requires_grad);
        foreach (Func<IDisposable> mode in (Func<IDisposable>[])[() => no_grad(), () => inference_mode()])
        {
            using IDisposable _ = mode();
            Tensor without = loss.call(first, second);
            Assert.That((without.requires_grad, without.ToDouble()), Is.EqualTo((false, with.ToDouble())));
        }
        Assert.That(loss.call(second, second).requires_grad, Is.False);
    }

    [Test, Explicit("prints the table of docs/choosing.md: errors of values and tangential errors of the gradient, the larger of Joe's and the plug-in estimate")]
    public void Table()
    {
        foreach (Rows kind in (Rows[])[Rows.Spread, Rows.Clusters, Rows.ClusterAndOpposite, Rows.ClusterAndStrays, Rows.NearPairs])
        {
            foreach ((int k, double kappa) in ((int, double)[])[(256, 10), (1024, 10), (1024, 100)])
            {
                foreach (bool leaveOneOut in (bool[])[false, true])
                {
                    Tensor rows = Make(kind, k, 128).to(ScalarType.Float32);
                    List<string> cells = [];
                    foreach (ScalarType products in (ScalarType[])[ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16])
                    {
                        (double Value, double Gradient, double Row)[] errors = [.. Enum.GetValues<EntropyEstimator>().Select(Error)];
                        cells.Add($"{errors.Max(error => error.Value):e0}, {errors.Max(error => error.Gradient):e0}, {errors.Max(error => error.Row):e0}");

                        (double, double, double) Error(EntropyEstimator estimator)
                        {
                            using var scope = NewDisposeScope();
                            var truth = new TangentialTruth(rows, kappa, estimator, leaveOneOut);
                            (double value, Tensor gradient) = Differentiate(rows, kappa, estimator, leaveOneOut, new Attention(CPU, products));
                            return (Math.Abs(value - truth.Entropy), truth.Error(gradient), truth.LargestRowError(gradient));
                        }
                    }
                    TestContext.Out.WriteLine($"| {kind} | {k} | {kappa} | {(leaveOneOut ? "leave-one-out" : "all")} | {string.Join(" | ", cells)} |");
                }
            }
        }
    }

    private static (double Value, Tensor Gradient) Differentiate(Tensor rows, double kappa, EntropyEstimator estimator, bool leaveOneOut, Attention attention)
    {
        var concentration = new Concentration(kappa);
        var options = new EntropyReconstructionOptions { Kappa = kappa, Estimator = estimator, LeaveOneOut = leaveOneOut };
        var settings = new KernelSettings(concentration, estimator, leaveOneOut, UnitRows: true) { Evaluation = KernelEvaluation.Attention, Attention = attention };
        Tensor leaf = rows.detach().clone().requires_grad_();
        Tensor entropy = AttentionLoss.Compute(new ProjectedViews(leaf, leaf), options, settings, concentration, WantedTerms.All)!.Value.Entropy!;
        entropy.backward();
        return (entropy.ToDouble(), leaf.grad!);
    }

    private static Tensor Make(Rows kind, int k, int d)
    {
        Tensor Unit(int seed, int rows) => Draw.UnitRows(seed, rows, d).ToTensor();
        Tensor Normalized(Tensor rows) => rows / rows.norm(1, keepdim: true);
        Tensor one = Unit(2, 1), spread = Unit(1, k);
        Tensor Near(double distance) => Normalized(one + distance * spread);
        switch (kind)
        {
            case Rows.Spread:
                return spread;
            case Rows.Clusters:
                return Normalized(Unit(3, 5).repeat((k + 4) / 5, 1)[..k] + 0.5 * spread);
            case Rows.Concentrated:
                return Near(0.3);
            case Rows.Collapsed:
                return one.repeat(k, 1);
            case Rows.Opposite:
                return one * (1 - 2 * (arange(k) % 2).to(ScalarType.Float64)).unsqueeze(1);
            case Rows.NearPairs:
                return Normalized(Unit(3, (k + 1) / 2).repeat_interleave(2, 0)[..k] + 1e-3 * spread);
            case Rows.ClusterAndOpposite:
                Tensor cluster = Near(0.3);
                cluster[0] = -Normalized(cluster[1..].mean([0], keepdim: true))[0];
                return cluster;
            default:
                Tensor strayed = Near(0.2);
                for (int i = 0; i < k; i += 8)
                {
                    strayed[i] = spread[i];
                }
                return strayed;
        }
    }
}
