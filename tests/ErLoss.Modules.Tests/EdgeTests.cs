using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>
/// Inputs at the edge of what the loss takes, in every type and form: values and gradients against <see cref="PlainLoss"/>, which computes with the
/// rounded inputs in float64.
/// </summary>
public class EdgeTests : TensorTests
{
    private const double Kappa = 10;

    // What values and gradients may be off by, relative to the largest of a row, and the type's smallest number beyond zero.
    private static readonly Dictionary<ScalarType, (double Value, double Gradient, double Least)> s_rounding = new()
    {
        [ScalarType.Float64] = (1e-13, 1e-11, 5e-324),
        [ScalarType.Float32] = (2e-6, 2e-5, 1.5e-45),
        [ScalarType.BFloat16] = (2e-6, 8e-3, 1e-40),
        [ScalarType.Float16] = (2e-6, 2e-3, 6e-8),
    };

    private static readonly double[] s_scales32 = [1, 1e-13, 1e19, 1e-30, 1e30, 1e-37, 1e38];

    private static readonly Dictionary<ScalarType, double[]> s_scales = new()
    {
        [ScalarType.Float64] = [1, 1e-13, 1e19, 1e-160, 1e160, 1e-300, 1e300],
        [ScalarType.Float32] = s_scales32,
        [ScalarType.BFloat16] = s_scales32,
        [ScalarType.Float16] = [1, 1e-4, 2e4, 2e-3],
    };

    private static IEnumerable<ScalarType> Types => s_rounding.Keys;

    [Test]
    public void TheScaleOfARowDoesNotMatter([ValueSource(nameof(Types))] ScalarType dtype, [Values(KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention)] KernelEvaluation evaluation)
    {
        double[] scales = s_scales[dtype];
        double[,] first = Draw.Normal(1, 7, 5), second = Draw.Normal(2, 7, 5);
        double[,] scaled1 = Matrix.Create(7, 5, (i, c) => Math.Clamp(first[i, c], -2, 2) * scales[i % scales.Length]);
        double[,] scaled2 = Matrix.Create(7, 5, (i, c) => Math.Clamp(second[i, c], -2, 2) * scales[(i + 2) % scales.Length]);
        AssertOnSphere(scaled1, scaled2, dtype, evaluation);
    }

    [Test]
    public void ARowOfZerosHasNoGradient([ValueSource(nameof(Types))] ScalarType dtype, [Values(KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention)] KernelEvaluation evaluation)
    {
        double[,] first = Draw.Normal(1, 7, 5), second = Draw.Normal(2, 7, 5);
        double[,] masked1 = Matrix.Create(7, 5, (i, c) => i is 2 or 5 ? 0 : first[i, c]);
        double[,] masked2 = Matrix.Create(7, 5, (i, c) => i is 2 or 6 ? -0.0 : second[i, c]);
        AssertOnSphere(masked1, masked2, dtype, evaluation);
        AssertOnSphere(new double[7, 5], masked2, dtype, evaluation);
    }

    // Where κ is large, kernels are shifted by κ less 60 (600 in float64) before they are rounded; those of a row of zeros, which are all one, would then be lost.
    [TestCase(ScalarType.Float32, 300, 2)]
    [TestCase(ScalarType.Float32, 200, 600)]
    public void ARowOfZerosSpoilsNoOtherRowHoweverLargeKappaIs(ScalarType dtype, double kappa, int k)
    {
        double[,] first = Draw.Normal(1, k, 6), second = Draw.Normal(2, k, 6);
        for (int c = 0; c < 6; c++)
        {
            first[0, c] = 0;
        }
        foreach (EntropyEstimator estimator in Enum.GetValues<EntropyEstimator>())
        {
            using var scope = NewDisposeScope();
            Tensor leaf = first.ToLeaf(dtype), other = second.ToTensor(dtype);
            PlainLoss truth = PlainLoss.OnSphere(leaf.ToMatrix(), other.ToMatrix(), kappa, estimator, leaveOneOut: false);
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Kappa = kappa, Estimator = estimator, Evaluation = KernelEvaluation.Fused });
            Tensor value = loss.call(leaf, other);
            value.backward();
            Assert.That(value.ToDouble(), Is.EqualTo(truth.Value).Within(1e-5).Percent, $"{estimator}");
            Assert.That(RelativeError.Of(leaf.grad!, truth.Gradient1.ToTensor()), Is.LessThan(1e-3), $"{estimator}");
            Assert.That(leaf.grad![0].abs().max().ToDouble(), Is.Zero);
        }
    }

    // e^1400 is beyond float64, and so beyond PlainLoss; the composed form takes the logarithm of sums.
    [Test]
    public void ARowOfZerosSpoilsNoOtherRowInFloat64()
    {
        double[,] rows = { { 0, 0, 0 }, { 1, 2, 3 }, { -1, 2, 1 } };
        foreach (EntropyEstimator estimator in Enum.GetValues<EntropyEstimator>())
        {
            (double Value, double[,] Gradient) composed = Compute(KernelEvaluation.Composed), fused = Compute(KernelEvaluation.Fused);
            Assert.That(fused.Value, Is.EqualTo(composed.Value).Within(1e-10).Percent.And.Not.NaN, $"{estimator}");
            Assert.That(fused.Gradient, Is.EqualTo(composed.Gradient).Within(1e-9), $"{estimator}");

            (double, double[,]) Compute(KernelEvaluation evaluation)
            {
                using Tensor leaf = rows.ToLeaf(), other = Draw.Normal(2, 3, 3).ToTensor();
                using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Kappa = 1400, Estimator = estimator, Evaluation = evaluation });
                using Tensor value = loss.call(leaf, other);
                value.backward();
                return (value.ToDouble(), leaf.grad!.ToMatrix());
            }
        }
    }

    // Below the smallest normal number a gradient in inverse proportion to the norm would leave the type's range.
    [Test]
    public void ARowBelowTheNormalNumbersHasItsValueAndTheGradientOfARowOfThatSize([ValueSource(nameof(Types))] ScalarType dtype)
    {
        double normal = finfo(dtype).tiny, least = s_rounding[dtype].Least * 1.1;
        double[,] rows = { { 3, -4, 1 }, { 1, 0, 2 }, { 1, 1, -2 }, { 5 * least, 10 * least, -10 * least } };
        using Tensor leaf = rows.ToLeaf(dtype), second = Draw.Normal(2, 4, 3).ToTensor(dtype);
        double[,] rounded = leaf.ToMatrix();
        Assert.That(rounded[3, 1], Is.GreaterThan(0).And.LessThan(normal), "the row is below the normal numbers, and not zero");
        double[,] normalSized = Matrix.Create(4, 3, (i, c) => i == 3 ? rounded[i, c] / rounded[3, 1] * normal : rounded[i, c]);
        PlainLoss truth = PlainLoss.OnSphere(normalSized, second.ToMatrix(), Kappa, EntropyEstimator.PlugIn, leaveOneOut: false);

        using var loss = new EntropyReconstructionLoss(Kappa);
        using Tensor value = loss.call(leaf, second);
        value.backward();
        AssertValue(value, truth.Value, dtype, "value");
        AssertRows(leaf.grad!, truth.Gradient1, dtype, "gradient");
    }

    // The product with a mask makes rows of zeros; one step must leave every weight a number.
    [Test]
    public void AStepWithMaskedRowsLeavesTheWeightsFinite([ValueSource(nameof(Types))] ScalarType dtype)
    {
        using nn.Module<Tensor, Tensor> net = nn.Linear(4, 3, hasBias: false);
        net.to(dtype);
        using var loss = new EntropyReconstructionLoss();
        using optim.Optimizer optimizer = optim.SGD(net.parameters(), 0.1);
        Tensor mask = tensor(new double[,] { { 1 }, { 0 }, { 1 }, { 0 }, { 1 } }, dtype);
        Tensor view1 = Draw.Normal(1, 5, 4).ToTensor(dtype), view2 = Draw.Normal(2, 5, 4).ToTensor(dtype);
        Tensor before = net.parameters().Single().detach().clone();
        loss.call(net.call(view1) * mask, net.call(view2) * mask).backward();
        optimizer.step();
        double change = (net.parameters().Single() - before).abs().max().ToDouble();
        Assert.That(change, Is.GreaterThan(0).And.LessThan(10));
    }

    [Test]
    public void ALogitOfMinusInfinityMasksItsClass([ValueSource(nameof(Types))] ScalarType dtype, [Values] EntropyEstimator estimator)
    {
        double[,] first = Draw.Normal(1, 4, 5), second = Draw.Normal(2, 4, 5);
        foreach (Func<int, int, bool> isMasked1 in (Func<int, int, bool>[])[(i, c) => i == 1 && c == 0, (_, c) => c == 3, (i, c) => c == 3 || i == c])
        {
            foreach (Func<int, int, bool> isMasked2 in (Func<int, int, bool>[])[isMasked1, (i, c) => i == 2 && c == 3, (_, _) => false])
            {
                double[,] masked1 = Matrix.Create(4, 5, (i, c) => isMasked1(i, c) ? double.NegativeInfinity : first[i, c]);
                double[,] masked2 = Matrix.Create(4, 5, (i, c) => isMasked2(i, c) ? double.NegativeInfinity : second[i, c]);
                AssertOnClasses(masked1, masked2, dtype, estimator);
            }
        }
    }

    // Probabilities of zero: 0·log 0 is 0, and a class that cannot happen costs the logarithm of the smallest normal number.
    [Test]
    public void AProbabilityOfZeroCostsTheSmallestNormalNumber([ValueSource(nameof(Types))] ScalarType dtype)
    {
        double floor = -Math.Log(dtype == ScalarType.Float64 ? 2.2250738585072014e-308 : 1.1754943508222875e-38); // 708.4, 87.3
        using Tensor first = new[,] { { 1.0, 0, 0 }, { 0.5, 0.5, 0 } }.ToLeaf(dtype), second = new[,] { { 0, 1.0, 0 }, { 0.5, 0.5, 0 } }.ToLeaf(dtype);
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Support = Support.Discrete, NormalizeInputs = false });
        using EntropyReconstructionTerms terms = loss.terms(first, second);
        terms.Loss.backward();
        Assert.That(terms.Reconstruction.ToDouble(), Is.EqualTo((floor + Math.Log(2)) / 2).Within(1e-3));
        Assert.That(terms.Entropy.ToDouble(), Is.EqualTo(-0.75 * Math.Log(0.75) - 0.25 * Math.Log(0.25)).Within(1e-6));
        double[,] gradient = first.grad!.ToMatrix();
        double rounding = s_rounding[dtype].Gradient * floor;
        Assert.That(gradient[0, 1], Is.EqualTo((Math.Log(0.25) + 1) / 4).Within(rounding), "of a class of probability one in the other view");
        Assert.That(gradient[0, 2], Is.EqualTo(0).Within(rounding), "of a class of probability zero everywhere: both terms cancel");
        Assert.That(gradient[0, 0], Is.EqualTo(floor / 4 + (Math.Log(0.75) + 1) / 4).Within(rounding), "of a class of probability zero in the other view");
    }

    // The largest settings that are taken give numbers.
    [Test]
    public void LargestAndLeastSettingsGiveNumbers(
        [ValueSource(nameof(Types))] ScalarType dtype,
        [Values(KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention)] KernelEvaluation evaluation,
        [Values(double.Epsilon, 1e-40, 1e15)] double kappa)
    {
        Assume.That(kappa < 1 || evaluation != KernelEvaluation.Attention);
        foreach ((EntropyEstimator estimator, bool leaveOneOut) in Estimates())
        {
            using var scope = NewDisposeScope();
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
            {
                Kappa = kappa,
                Estimator = estimator,
                LeaveOneOut = leaveOneOut,
                Evaluation = evaluation,
                EntropyWeight = 1e15,
                ReconstructionWeight = 1e15,
            });
            Tensor first = Draw.Normal(1, 300, 5).ToLeaf(dtype), second = Draw.Normal(2, 300, 5).ToTensor(dtype);
            using EntropyReconstructionTerms terms = loss.terms(first, second);
            (terms.Loss * 1e-15).backward();
            TermValues values = TermValues.Of(terms);
            Assert.That(
                (double[])[values.Loss, values.Entropy, values.Reconstruction, values.MutualInformationBound], Has.All.Matches<double>(double.IsFinite));
            Assert.That(first.grad!.isnan().any().item<bool>(), Is.False);
        }
    }

    private static IEnumerable<(EntropyEstimator Estimator, bool LeaveOneOut)> Estimates() =>
        from estimator in Enum.GetValues<EntropyEstimator>() from leaveOneOut in (bool[])[false, true] select (estimator, leaveOneOut);

    private static void AssertOnSphere(double[,] first, double[,] second, ScalarType dtype, KernelEvaluation evaluation)
    {
        foreach ((EntropyEstimator estimator, bool leaveOneOut) in Estimates())
        {
            using var scope = NewDisposeScope();
            Tensor leaf1 = first.ToLeaf(dtype), leaf2 = second.ToLeaf(dtype);
            PlainLoss truth = PlainLoss.OnSphere(leaf1.ToMatrix(), leaf2.ToMatrix(), Kappa, estimator, leaveOneOut);
            using var loss = new EntropyReconstructionLoss(
                new EntropyReconstructionOptions { Kappa = Kappa, Estimator = estimator, LeaveOneOut = leaveOneOut, Evaluation = evaluation });
            AssertLoss(loss, leaf1, leaf2, truth, dtype, $"{estimator}, {(leaveOneOut ? "leave-one-out" : "all")}");
        }
    }

    private static void AssertOnClasses(double[,] first, double[,] second, ScalarType dtype, EntropyEstimator estimator)
    {
        using var scope = NewDisposeScope();
        Tensor leaf1 = first.ToLeaf(dtype), leaf2 = second.ToLeaf(dtype);
        double floor = Math.Log(finfo(dtype == ScalarType.Float64 ? dtype : ScalarType.Float32).tiny);
        PlainLoss truth = PlainLoss.OnClasses(leaf1.ToMatrix(), leaf2.ToMatrix(), estimator, floor);
        using var loss = new EntropyReconstructionLoss(support: Support.Discrete, estimator: estimator);
        AssertLoss(loss, leaf1, leaf2, truth, dtype, $"{estimator}");
    }

    private static void AssertLoss(EntropyReconstructionLoss loss, Tensor leaf1, Tensor leaf2, PlainLoss truth, ScalarType dtype, string what)
    {
        using Tensor value = loss.call(leaf1, leaf2);
        value.backward();
        AssertValue(value, truth.Value, dtype, what);
        AssertRows(leaf1.grad!, truth.Gradient1, dtype, $"{what}, first");
        AssertRows(leaf2.grad!, truth.Gradient2, dtype, $"{what}, second");
    }

    private static void AssertValue(Tensor value, double truth, ScalarType dtype, string what)
    {
        Assert.That(double.IsFinite(truth), what);
        Assert.That(value.ToDouble(), Is.EqualTo(truth).Within(s_rounding[dtype].Value * (Kappa + Math.Abs(truth))), what);
    }

    private static void AssertRows(Tensor gradient, double[,] truth, ScalarType dtype, string what)
    {
        (_, double rounding, double least) = s_rounding[dtype];
        double[,] actual = gradient.ToMatrix();
        for (int i = 0; i < truth.GetLength(0); i++)
        {
            double[] wanted = [.. Enumerable.Range(0, truth.GetLength(1)).Select(c => truth[i, c])];
            double largest = wanted.Max(Math.Abs);
            Assert.That(double.IsFinite(largest), $"{what}, row {i}");
            double tolerance = largest == 0 ? 0 : rounding * largest + least;
            Assert.That(Enumerable.Range(0, wanted.Length).Select(c => actual[i, c]), Is.EqualTo(wanted).Within(tolerance), $"{what}, row {i}");
        }
    }
}
