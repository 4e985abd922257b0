using BenchmarkDotNet.Attributes;
using ErLoss.Modules;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>
/// Forward and backward of Joe's entropy and of the whole loss, fused and composed, in float32, against the bare product (k, d)·(d, k).
/// </summary>
public class KernelEntropyBenchmarks : IDisposable
{
    private Workload _workload = null!;

    /// <summary>Rows, k.</summary>
    [Params(256, 1024, 4096, 8192)]
    public int K { get; set; }

    /// <summary>Dimension, d.</summary>
    [Params(128, 256, 512)]
    public int D { get; set; }

    /// <summary>Two batches of unit rows that require gradient, and a loss for each evaluation.</summary>
    [GlobalSetup]
    public void Setup() => _workload = new Workload(BenchmarkDevice.Current, K, D);

    /// <summary>The yardstick.</summary>
    [Benchmark]
    public void MatrixProduct() => Run(_workload.Product);

    /// <summary>The entropy, composed.</summary>
    [Benchmark]
    public void ComposedEntropy() => Run(() => _workload.Entropy(KernelEvaluation.Composed));

    /// <summary>The entropy, fused.</summary>
    [Benchmark]
    public void FusedEntropy() => Run(() => _workload.Entropy(KernelEvaluation.Fused));

    /// <summary>The entropy as <see cref="KernelEvaluation.Auto"/> chooses.</summary>
    [Benchmark]
    public void AutoEntropy() => Run(() => _workload.Entropy(KernelEvaluation.Auto));

    /// <summary>The loss, composed.</summary>
    [Benchmark]
    public void ComposedLoss() => Run(() => _workload.Loss(KernelEvaluation.Composed));

    /// <summary>The loss, fused.</summary>
    [Benchmark]
    public void FusedLoss() => Run(() => _workload.Loss(KernelEvaluation.Fused));

    /// <summary>Gives everything native back.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _workload?.Dispose();
        GC.SuppressFinalize(this);
    }

    private static void Run(Action action)
    {
        using var scope = NewDisposeScope();
        action();
        BenchmarkDevice.Synchronize(BenchmarkDevice.Current);
    }
}
