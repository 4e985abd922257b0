using ErLoss.Modules;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>What is compared on two batches of unit rows, (k, d) in float32: forward and backward of each form, and the bare product.</summary>
internal sealed class Workload : IDisposable
{
    // Above so many rows the k×k product is computed by bands, one buffer for all.
    private const int LargestWholeProduct = 16_384, ProductBand = 8192;

    /// <summary>How many k×k matrices the composed forms hold at their peak, as measured at k = 4,096 and 6,000.</summary>
    public const int ComposedEntropyBuffers = 4, ComposedLossBuffers = 5;

    private readonly Tensor _view1, _view2;
    private readonly Dictionary<KernelEvaluation, EntropyReconstructionLoss> _losses = Enum.GetValues<KernelEvaluation>().ToDictionary(evaluation => evaluation, MakeLoss);
    private readonly Lazy<GradientTruth?> _truth;

    public Workload(Device device, int k, int d)
    {
        random.manual_seed(0);
        _view1 = UnitRows(device, k, d);
        _view2 = UnitRows(device, k, d);
        _truth = new Lazy<GradientTruth?>(() => GradientTruth.Compute(_view1, _view2, EntropyReconstructionOptions.DefaultKappa));
        long pairs = PairBytes(k);
        Variants =
        [
            new(Variant.Product, 1, k <= LargestWholeProduct ? pairs : (long)k * ProductBand * sizeof(float), Product),
            .. LossForm.Evaluations.Select(evaluation => new Variant(
                Variant.Entropy(LossForm.NameOf(evaluation)), Buffers(evaluation, ComposedEntropyBuffers), pairs, () => Entropy(evaluation), ErrorOf(evaluation, Entropy, truth => truth.Entropy))),
            .. LossForm.Evaluations.Select(evaluation => new Variant(
                Variant.Loss(LossForm.NameOf(evaluation)), Buffers(evaluation, ComposedLossBuffers), pairs, () => Loss(evaluation), ErrorOf(evaluation, Loss, truth => truth.Loss))),
        ];

        static int Buffers(KernelEvaluation evaluation, int composed) => evaluation == KernelEvaluation.Composed ? composed : 0;
    }

    public IReadOnlyList<Variant> Variants { get; }

    /// <summary>The size of a k×k matrix in float32.</summary>
    public static long PairBytes(int k) => (long)k * k * sizeof(float);

    /// <summary>
    /// Unit rows that collect gradient. They are made on the host: a CUDA device's allocator would keep what making them took.
    /// </summary>
    public static Tensor UnitRows(Device device, int k, int d)
    {
        using var scope = NewDisposeScope();
        return nn.functional.normalize(randn(k, d, device: CPU), dim: 1).to(device).requires_grad_().MoveToOuterDisposeScope();
    }

    /// <summary>Forward and backward of Joe's entropy.</summary>
    public static void Differentiate(Tensor rows, KernelEvaluation evaluation)
    {
        using Tensor entropy = EntropyReconstruction.entropy(rows, estimator: EntropyEstimator.Joe, evaluation: evaluation, normalizeInputs: false);
        entropy.backward();
    }

    /// <summary>The product (k, d)·(d, k).</summary>
    public void Product()
    {
        using var frozen = no_grad();
        Tensor columns = _view1.t();
        int k = (int)_view1.shape[0];
        if (k <= LargestWholeProduct)
        {
            _view1.mm(columns);
            return;
        }
        Tensor band = empty(ProductBand, k, device: _view1.device);
        for (int top = 0; top < k; top += ProductBand)
        {
            int bottom = Math.Min(top + ProductBand, k);
            band[..(bottom - top)].addmm_(_view1[top..bottom], columns, beta: 0);
        }
    }

    /// <summary>Forward and backward of Joe's entropy of the first view.</summary>
    public void Entropy(KernelEvaluation evaluation)
    {
        _view1.grad?.zero_();
        Differentiate(_view1, evaluation);
    }

    /// <summary>Forward and backward of the loss.</summary>
    public void Loss(KernelEvaluation evaluation)
    {
        _view1.grad?.zero_();
        _view2.grad?.zero_();
        _losses[evaluation].call(_view1, _view2).backward();
    }

    public void Dispose()
    {
        _view1.Dispose();
        _view2.Dispose();
        foreach (EntropyReconstructionLoss loss in _losses.Values)
        {
            loss.Dispose();
        }
        if (_truth.IsValueCreated)
        {
            _truth.Value?.Dispose();
        }
    }

    /// <summary>Computes a gradient once more, and its error.</summary>
    private Func<double?> ErrorOf(KernelEvaluation evaluation, Action<KernelEvaluation> differentiate, Func<GradientTruth, Tensor> choose) => () =>
    {
        using var scope = NewDisposeScope();
        differentiate(evaluation);
        return _truth.Value?.ErrorOf(_view1.grad!, choose(_truth.Value));
    };

    private static EntropyReconstructionLoss MakeLoss(KernelEvaluation evaluation) =>
        new(new EntropyReconstructionOptions { Estimator = EntropyEstimator.Joe, Evaluation = evaluation });
}
