using BenchmarkDotNet.Attributes;
using ErLoss.Training;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>
/// A whole training step against the forward and backward pass of its encoder alone: what views, projector, loss, optimizer and
/// bookkeeping cost beside it. <c>throughput</c> takes both in turns.
/// </summary>
public class TrainingStepBenchmarks : IDisposable
{
    private StepWorkload _workload = null!;

    /// <summary>Images a step.</summary>
    [Params(128, 256)]
    public int BatchSize { get; set; }

    /// <summary>Makes a trainer on synthetic images, and a batch of two views.</summary>
    [GlobalSetup]
    public void Setup() => _workload = new StepWorkload(new RunSettings { BatchSize = BatchSize }, CPU);

    /// <summary>The encoder's forward and backward pass over two views.</summary>
    [Benchmark(Baseline = true)]
    public void Encoder() => _workload.Encoder();

    /// <summary>All of a step.</summary>
    [Benchmark]
    public void Step() => _workload.Step();

    /// <summary>Gives everything native back.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _workload.Dispose();
        GC.SuppressFinalize(this);
    }
}
