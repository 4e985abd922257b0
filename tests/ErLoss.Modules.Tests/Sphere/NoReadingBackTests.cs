using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>
/// The loss on torch's meta device, whose tensors have shapes and no values: whatever reads one back throws. It takes the ways of a GPU, its
/// tiles among them.
/// </summary>
public class NoReadingBackTests : TensorTests
{
    private static readonly Device Meta = new("meta");

    [Test]
    public void UnitRowsAreNeverReadBack([Values(1, 513, 2049, 13_000, 16_383, 131_072)] int k, [Values] bool leaveOneOut, [Values] ProductPrecision precision)
    {
        Tensor rows = empty(k, 128, device: Meta);
        Tensor ownExponents = empty(k, dtype: ScalarType.Float64, device: Meta);
        var settings = new KernelSettings(new Concentration(10), EntropyEstimator.Joe, leaveOneOut, UnitRows: true) { Precision = precision };
        var kernels = new SymmetricKernels(rows, ownExponents, Kernels.WeightsOf(rows, settings), settings, forGradient: true);
        Assert.That(kernels.TrySum(out Tensor logSums));
        Tensor gradient = kernels.Gradient(logSums, logSums);
        Assert.That((gradient.shape, gradient.dtype, gradient.device_type), Is.EqualTo((rows.shape, ScalarType.Float32, DeviceType.META)));
        Assert.That((logSums.shape, logSums.dtype), Is.EqualTo((new long[] { k }, ScalarType.Float64)));
    }

    // The value alone: the node that carries the gradient, OnceDifferentiable, needs an operation that meta tensors lack.
    [Test]
    public void NeitherIsALargeNorALearntKappa(
        [Values(10, 100, 1e7)] double kappa,
        [Values] bool learnKappa,
        [Values] bool leaveOneOut,
        [Values] EntropyEstimator estimator,
        [Values] ProductPrecision precision,
        [Values(ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        foreach (double entropyWeight in (double[])[1, 0.7])
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
            {
                Kappa = kappa,
                LearnKappa = learnKappa && !leaveOneOut,
                LeaveOneOut = leaveOneOut,
                Estimator = estimator,
                Evaluation = KernelEvaluation.Fused,
                ProductPrecision = precision,
                EntropyWeight = entropyWeight,
            });
            loss.to(Meta);
            using IDisposable noGrad = no_grad();
            Tensor first = empty(600, 16, dtype: dtype, device: Meta), second = empty_like(first);
            Tensor value = loss.call(first, second);
            Assert.That((value.dim(), value.device_type), Is.EqualTo((0, DeviceType.META)));
        }
    }

    [Test]
    public void NorAreViewsPredictionsAndTargets([Values] Support support, [Values] bool learnKappa)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
        {
            Support = support,
            LearnKappa = learnKappa && support == Support.Sphere,
            Evaluation = KernelEvaluation.Fused,
        });
        loss.to(Meta);
        using IDisposable noGrad = no_grad();
        Tensor[] rows = [.. Enumerable.Range(0, 4).Select(_ => empty(600, 16, device: Meta))];
        Tensor numbers = empty(600, dtype: ScalarType.Int64, device: Meta);
        Tensor target = support == Support.Sphere ? rows[3] : numbers;
        foreach (ProjectedViews views in (ProjectedViews[])
            [
                new(rows),
                new(rows[..2]) { Ids = support == Support.Sphere ? numbers : null, Centers = [new(rows[3]) { Ids = support == Support.Sphere ? numbers : null }] },
                new(rows[..2]) { Mask = numbers.to(ScalarType.Bool), Weights = rows[0][.., 0], Centers = [new(rows[3]) { Weights = rows[1][.., 1] }] },
                new(rows[..2]) { Predictions = rows[..3], Targets = rows[2..] },
                new(rows[0]) { Target = target },
                new(rows[..2]) { Targets = [target, target] },
            ])
        {
            Tensor value = loss.terms(views).Loss;
            Assert.That((value.dim(), value.device_type), Is.EqualTo((0, DeviceType.META)));
        }
    }

    [Test]
    public void NorIsWhatCountsNorALimitOfKappa([Values] Support support, [Values] bool learnKappa, [Values] bool each)
    {
        bool isSphere = support == Support.Sphere;
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
        {
            Support = support,
            LearnKappa = learnKappa && isSphere,
            ReconstructionKappa = learnKappa || !isSphere ? null : 4,
            LearnReconstructionKappa = !learnKappa && isSphere,
            MinKappa = isSphere ? 3 : null,
            MaxKappa = isSphere ? 20 : null,
            Estimator = isSphere == each ? EntropyEstimator.Joe : EntropyEstimator.PlugIn,
            Reduction = each ? nn.Reduction.None : nn.Reduction.Mean,
            EntropyWeight = 0.7,
            Evaluation = KernelEvaluation.Fused,
        });
        loss.to(Meta);
        using IDisposable noGrad = no_grad();
        Tensor first = empty(600, 16, device: Meta), second = empty(600, 16, device: Meta), numbers = empty(600, dtype: ScalarType.Int64, device: Meta);
        foreach (ProjectedViews views in (ProjectedViews[])
            [
                new(first, second)
                {
                    Weights = empty(600, device: Meta),
                    Mask = empty(600, dtype: ScalarType.Bool, device: Meta),
                    Labels = numbers,
                    Ids = isSphere ? numbers : null,
                    Centers = isSphere ? [] : [new Centers(empty(9, 16, device: Meta)) { Weights = empty(9, device: Meta) }],
                },
                new(first, second) { Weights = numbers, Targets = isSphere ? [first, second] : [numbers, numbers] },
            ])
        {
            Tensor value = loss.terms(views).Loss;
            Assert.That((value.dim(), value.device_type), Is.EqualTo((each ? 1 : 0, DeviceType.META)));
        }
    }

    [Test]
    public void NorIsAnyInTheGradient([Values] bool leaveOneOut)
    {
        Tensor rows = empty(3000, 16, device: Meta), exponents = empty(3000, dtype: ScalarType.Float64, device: Meta);
        var learnt = new Concentration(empty([], dtype: ScalarType.Float64, device: Meta));
        var settings = new KernelSettings(learnt, EntropyEstimator.Joe, leaveOneOut, UnitRows: true);
        var symmetric = new SymmetricKernels(rows, exponents, Kernels.WeightsOf(rows, settings), settings, forGradient: true);
        Assert.That(symmetric.TrySum(out _), Is.EqualTo(!leaveOneOut), "left to the form that shifts row by row");
        Assert.That(symmetric.Gradient(exponents, exponents).shape, Is.EqualTo(rows.shape));

        var rectangular = new RectangularKernels(rows, rows, default(KernelCenters) with { AreRows = true }, settings, forRows: true, forCenters: true);
        Tensor logSums = rectangular.LogSums();
        Assert.That(rectangular.RowGradient(exponents, logSums).shape, Is.EqualTo(rows.shape));
        Assert.That(rectangular.CenterGradient(exponents, logSums).shape, Is.EqualTo(rows.shape));
    }

    [Test]
    public void NorIsAnyInTheBackwardPassOfTheValuesOfRows([Values] bool leaveOneOut)
    {
        Tensor rows = empty(3000, 16, device: Meta), centers = empty(9, 16, device: Meta), numbers = empty(3000, dtype: ScalarType.Float64, device: Meta);
        var learnt = new Concentration(empty([], dtype: ScalarType.Float64, device: Meta), value: null);
        var settings = new KernelSettings(learnt, EntropyEstimator.Joe, leaveOneOut, UnitRows: true) { EachRow = true };
        var kernels = new FusedKernels(rows, null, centers, Kernels.WeightsOf(rows, settings), settings, new WantedGradients(Rows: true, Centers: true, Kappa: true));
        kernels.Prepare(shiftsEachRow: leaveOneOut);
        KernelGradients gradients = kernels.Gradients(numbers, numbers);
        Assert.That((gradients.Rows!.shape, gradients.Centers!.shape, gradients.Kappa!.dim()), Is.EqualTo((rows.shape, centers.shape, 0L)));
    }

    [Test]
    public void AReadWouldBeSeen()
    {
        Assert.That(() => empty(3, device: Meta).sum().ToDouble(), Throws.TypeOf<ExternalException>());
        Assert.That(() => EntropyReconstruction.entropy(empty(9, 4, device: Meta), evaluation: KernelEvaluation.Fused, normalizeInputs: false), Throws.TypeOf<ExternalException>());
    }
}
