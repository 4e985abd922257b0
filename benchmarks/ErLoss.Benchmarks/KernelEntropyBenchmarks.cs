using BenchmarkDotNet.Attributes;
using ErLoss.Modules;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>
/// Forward and backward of Joe's entropy and of the whole loss, fused and composed, in float32, against the bare product (k, d)·(d, k).
/// </summary>
public class KernelEntropyBenchmarks : IDisposable
{
    private Tensor _rows = null!, _columns = null!, _view1 = null!, _view2 = null!;
    private EntropyReconstructionLoss _fused = null!, _composed = null!;

    /// <summary>Rows, k.</summary>
    [Params(256, 1024, 4096, 8192)]
    public int K { get; set; }

    /// <summary>Dimension, d.</summary>
    [Params(128, 256, 512)]
    public int D { get; set; }

    /// <summary>Two batches of unit rows that require gradient, and a loss for each evaluation.</summary>
    [GlobalSetup]
    public void Setup()
    {
        random.manual_seed(0);
        _view1 = nn.functional.normalize(randn(K, D, device: BenchmarkDevice.Current), dim: 1).requires_grad_();
        _view2 = nn.functional.normalize(randn(K, D, device: BenchmarkDevice.Current), dim: 1).requires_grad_();
        _rows = _view1.detach();
        _columns = _rows.t();
        _fused = Loss(Evaluation.Fused);
        _composed = Loss(Evaluation.Composed);
    }

    /// <summary>The yardstick.</summary>
    [Benchmark]
    public void MatrixProduct()
    {
        _rows.mm(_columns).Dispose();
        BenchmarkDevice.Synchronize();
    }

    /// <summary>The entropy, composed.</summary>
    [Benchmark]
    public void ComposedEntropy() => Entropy(Evaluation.Composed);

    /// <summary>The entropy, fused.</summary>
    [Benchmark]
    public void FusedEntropy() => Entropy(Evaluation.Fused);

    /// <summary>The entropy as <see cref="Evaluation.Auto"/> chooses.</summary>
    [Benchmark]
    public void AutoEntropy() => Entropy(Evaluation.Auto);

    /// <summary>The loss, composed.</summary>
    [Benchmark]
    public void ComposedLoss() => Step(_composed);

    /// <summary>The loss, fused.</summary>
    [Benchmark]
    public void FusedLoss() => Step(_fused);

    /// <summary>Gives everything native back.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        foreach (IDisposable? resource in (IDisposable?[])[_rows, _columns, _view1, _view2, _fused, _composed])
        {
            resource?.Dispose();
        }
        GC.SuppressFinalize(this);
    }

    private void Entropy(Evaluation evaluation)
    {
        using var scope = NewDisposeScope();
        _view1.grad?.zero_();
        EntropyReconstruction.entropy(_view1, estimator: EntropyEstimator.Joe, evaluation: evaluation).backward();
        BenchmarkDevice.Synchronize();
    }

    private void Step(EntropyReconstructionLoss loss)
    {
        using var scope = NewDisposeScope();
        _view1.grad?.zero_();
        _view2.grad?.zero_();
        loss.call(_view1, _view2).backward();
        BenchmarkDevice.Synchronize();
    }

    private static EntropyReconstructionLoss Loss(Evaluation evaluation) =>
        new(new EntropyReconstructionOptions { Estimator = EntropyEstimator.Joe, Evaluation = evaluation });
}
