using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>The tangential error of every evaluation in every precision, against an independent computation in float64.</summary>
public class TangentialErrorTests : TensorTests
{
    private const int Dimension = 128;

    // Factors of products are rounded in the last.
    private static readonly (KernelEvaluation Evaluation, ScalarType Type, ProductPrecision Precision, double Allowed)[] Ways =
    [
        (KernelEvaluation.Fused, ScalarType.Float64, ProductPrecision.Full, 1e-13),
        (KernelEvaluation.Composed, ScalarType.Float64, ProductPrecision.Full, 1e-13),
        (KernelEvaluation.Fused, ScalarType.Float32, ProductPrecision.Full, 2e-6),
        (KernelEvaluation.Composed, ScalarType.Float32, ProductPrecision.Full, 8e-6),
        (KernelEvaluation.Fused, ScalarType.Float16, ProductPrecision.Full, 5e-4),
        (KernelEvaluation.Composed, ScalarType.Float16, ProductPrecision.Full, 5e-4),
        (KernelEvaluation.Fused, ScalarType.BFloat16, ProductPrecision.Full, 3e-3),
        (KernelEvaluation.Composed, ScalarType.BFloat16, ProductPrecision.Full, 3e-3),
        (KernelEvaluation.Fused, ScalarType.Float32, ProductPrecision.BFloat16, 3e-2),
        (KernelEvaluation.Attention, ScalarType.Float64, ProductPrecision.Full, 1e-13),
        (KernelEvaluation.Attention, ScalarType.Float32, ProductPrecision.Full, 6e-6),
    ];

    public enum Rows { Spread, Clusters, NearPairs, ClusterAndOpposite, ClusterAndStrays }

    [Test]
    public void IsOfTheSizeOfRounding([Values] Rows kind, [Values(0.5, 10, 100)] double kappa, [Values(64, 256)] int k) =>
        AssertSmall(Make(kind, k, Dimension), kind, kappa, Ways);

    [TestCase(1024)]
    [TestCase(2048)]
    public void IsSoWithManySpreadRows(int k) =>
        AssertSmall(Make(Rows.Spread, k, Dimension), Rows.Spread, 10, Ways.Where(way => way.Type == ScalarType.Float32 && way.Evaluation == KernelEvaluation.Fused));

    // Near copies have kernels as large as the own one: rounded products lose what turns them.
    [Test]
    public void OfNearCopiesRoundedProductsLoseTheGradient()
    {
        Tensor rows = Make(Rows.NearPairs, 64, Dimension).to(ScalarType.Float32);
        var truth = new TangentialTruth(rows, 10, EntropyEstimator.Joe, leaveOneOut: false);
        double Error(ProductPrecision precision) =>
            truth.Error(Differentiate(rows, truth, 10, EntropyEstimator.Joe, false, KernelEvaluation.Fused, precision).Gradient);
        Assert.That(Error(ProductPrecision.Full), Is.LessThan(3e-4));
        Assert.That(Error(ProductPrecision.BFloat16), Is.GreaterThan(0.1));
    }

    [Test, Explicit("prints a table: tangential errors of spread rows, Joe's estimate")]
    public void Table()
    {
        foreach (int k in (int[])[64, 256, 1024, 4096])
        {
            Tensor rows = Make(Rows.Spread, k, Dimension);
            foreach (double kappa in (double[])[0.5, 5, 10, 20])
            {
                using var scope = NewDisposeScope();
                var cells = new List<string>();
                foreach ((KernelEvaluation evaluation, ScalarType type, ProductPrecision precision, _) in Ways)
                {
                    Tensor x = rows.to(type);
                    var truth = new TangentialTruth(x, kappa, EntropyEstimator.Joe, false);
                    cells.Add(truth.Error(Differentiate(x, truth, kappa, EntropyEstimator.Joe, false, evaluation, precision).Gradient).ToString("e0"));
                }
                TestContext.Out.WriteLine($"| {k} | {kappa} | {string.Join(" | ", cells)} |");
            }
        }
    }

    private static void AssertSmall(
        Tensor rows, Rows kind, double kappa, IEnumerable<(KernelEvaluation, ScalarType, ProductPrecision, double)> ways)
    {
        foreach ((EntropyEstimator estimator, bool leaveOneOut) in Estimates())
        {
            foreach (IGrouping<ScalarType, (KernelEvaluation, ScalarType Type, ProductPrecision, double)> group in ways.GroupBy(way => way.Item2))
            {
                using var scope = NewDisposeScope();
                Tensor x = rows.to(group.Key);
                var truth = new TangentialTruth(x, kappa, estimator, leaveOneOut);
                foreach ((KernelEvaluation evaluation, ScalarType type, ProductPrecision precision, double allowed) in group)
                {
                    string way = $"{evaluation}, {type}, {precision}, {estimator}, {(leaveOneOut ? "leave-one-out" : "all")}";
                    (double value, Tensor gradient) = Differentiate(x, truth, kappa, estimator, leaveOneOut, evaluation, precision);
                    double rounding = precision == ProductPrecision.BFloat16 ? 2e-3 : type == ScalarType.Float64 ? 1e-13 : 3e-5 * Math.Max(1, kappa / 50); // κ times the rounding of a cosine
                    Assert.That(value, Is.EqualTo(truth.Entropy).Within(rounding), way);
                    if (kind != Rows.NearPairs)
                    {
                        Assert.That(truth.Error(gradient), Is.LessThan(allowed * Math.Max(1, kappa / 10)), way);
                    }
                    else if (precision == ProductPrecision.Full)
                    {
                        // A difference of rows 0.001 apart has lost three digits in the rows already.
                        Assert.That(truth.Error(gradient), Is.LessThan(type == ScalarType.Float64 ? 1e-11 : Math.Max(3e-4, 30 * allowed)), way);
                    }
                }
            }
        }
    }

    private static IEnumerable<(EntropyEstimator Estimator, bool LeaveOneOut)> Estimates() =>
        from estimator in Enum.GetValues<EntropyEstimator>() from leaveOneOut in (bool[])[false, true] select (estimator, leaveOneOut);

    private static (double Value, Tensor Gradient) Differentiate(
        Tensor rows,
        TangentialTruth truth,
        double kappa,
        EntropyEstimator estimator,
        bool leaveOneOut,
        KernelEvaluation evaluation,
        ProductPrecision precision)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
        {
            Kappa = kappa,
            Estimator = estimator,
            LeaveOneOut = leaveOneOut,
            Evaluation = evaluation,
            ProductPrecision = precision,
            ReconstructionWeight = 0,
        });
        Tensor variable = rows.detach().clone().requires_grad_();
        using EntropyReconstructionTerms terms = loss.terms(new ProjectedViews(variable) { Target = rows });
        // Scaled as mixed precision scales a loss, so that the smallest gradients are numbers in float16; by a power of two, which is exact.
        double scale = Math.Pow(2, -Math.Ceiling(Math.Log2(truth.Gradient.abs().max().ToDouble())));
        Tensor factor = full([], scale, dtype: terms.Entropy.dtype);
        (terms.Entropy * factor).backward();
        double value = terms.Entropy.ToDouble() + VonMisesFisher.LogNormalizer(Dimension, kappa);
        return (value, variable.grad!.to(ScalarType.Float64) / scale);
    }

    internal static Tensor Make(Rows kind, int k, int d)
    {
        random.manual_seed(k + 31 * d);
        Tensor rows = Unit(randn(k, d, ScalarType.Float64));
        if (kind == Rows.Clusters)
        {
            return Unit(Unit(randn(10, d, ScalarType.Float64))[arange(k) % 10] + 0.9 * rows);
        }
        if (kind == Rows.NearPairs)
        {
            return Unit(rows[arange(k).div(2, RoundingMode.floor)] + 1e-3 * Unit(randn(k, d, ScalarType.Float64)));
        }
        if (kind is Rows.ClusterAndOpposite or Rows.ClusterAndStrays)
        {
            Tensor cluster = Unit(Unit(randn(1, d, ScalarType.Float64)) + 0.3 * rows);
            Tensor strays = kind == Rows.ClusterAndOpposite ? -Unit(cluster.mean([0], true)) : rows[..4];
            cluster[..(int)strays.shape[0]] = strays;
            return cluster;
        }
        return rows;
    }

    private static Tensor Unit(Tensor rows) => nn.functional.normalize(rows, dim: 1);
}
