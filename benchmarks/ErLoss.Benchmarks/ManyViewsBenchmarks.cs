using BenchmarkDotNet.Attributes;
using ErLoss.Modules;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>Forward and backward of the fused loss of six views in one call, against their six entropies alone, and against a call for each of the fifteen pairs.</summary>
public class ManyViewsBenchmarks : IDisposable
{
    private const int Count = 6;

    private readonly EntropyReconstructionLoss _loss = new(
        new EntropyReconstructionOptions { Estimator = EntropyEstimator.Joe, Evaluation = KernelEvaluation.Fused });

    private Tensor[] _views = [];

    /// <summary>Rows, k.</summary>
    [Params(512, 2048)]
    public int K { get; set; }

    /// <summary>Dimension, d.</summary>
    [Params(128)]
    public int D { get; set; }

    /// <summary>Six batches of unit rows that require gradient.</summary>
    [GlobalSetup]
    public void Setup()
    {
        random.manual_seed(0);
        _views = [.. Enumerable.Range(0, Count).Select(_ => Workload.UnitRows(BenchmarkDevice.Current, K, D))];
    }

    /// <summary>The yardstick: the least that six views cost.</summary>
    [Benchmark]
    public void SixEntropies() => Run(() =>
    {
        foreach (Tensor view in _views)
        {
            EntropyReconstruction.entropy(view, estimator: EntropyEstimator.Joe, evaluation: KernelEvaluation.Fused).backward();
        }
    });

    /// <summary>All pairs in one call.</summary>
    [Benchmark]
    public void SixViews() => Run(() => _loss.terms(new ProjectedViews(_views)).Loss.backward());

    /// <summary>A call for each pair.</summary>
    [Benchmark]
    public void FifteenPairs() => Run(() =>
    {
        for (int i = 0; i < Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                _loss.call(_views[i], _views[j]).backward();
            }
        }
    });

    /// <summary>Gives everything native back.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        foreach (Tensor view in _views)
        {
            view.Dispose();
        }
        _loss.Dispose();
        GC.SuppressFinalize(this);
    }

    private static void Run(Action action)
    {
        using var scope = NewDisposeScope();
        action();
        BenchmarkDevice.Synchronize(BenchmarkDevice.Current);
    }
}
