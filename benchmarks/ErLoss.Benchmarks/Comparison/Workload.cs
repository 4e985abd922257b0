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
    private readonly EntropyReconstructionLoss _fused = MakeLoss(KernelEvaluation.Fused), _composed = MakeLoss(KernelEvaluation.Composed);

    public Workload(Device device, int k, int d)
    {
        random.manual_seed(0);
        _view1 = UnitRows(device, k, d);
        _view2 = UnitRows(device, k, d);
        long pairs = PairBytes(k);
        Variants =
        [
            new(Variant.Product, 1, k <= LargestWholeProduct ? pairs : (long)k * ProductBand * sizeof(float), Product),
            new(Variant.Entropy(Variant.Composed), ComposedEntropyBuffers, pairs, () => Entropy(KernelEvaluation.Composed)),
            new(Variant.Entropy(Variant.Fused), 0, pairs, () => Entropy(KernelEvaluation.Fused)),
            new(Variant.Loss(Variant.Composed), ComposedLossBuffers, pairs, () => Loss(KernelEvaluation.Composed)),
            new(Variant.Loss(Variant.Fused), 0, pairs, () => Loss(KernelEvaluation.Fused)),
        ];
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
        (evaluation == KernelEvaluation.Fused ? _fused : _composed).call(_view1, _view2).backward();
    }

    public void Dispose()
    {
        _view1.Dispose();
        _view2.Dispose();
        _fused.Dispose();
        _composed.Dispose();
    }

    private static EntropyReconstructionLoss MakeLoss(KernelEvaluation evaluation) =>
        new(new EntropyReconstructionOptions { Estimator = EntropyEstimator.Joe, Evaluation = evaluation });
}
