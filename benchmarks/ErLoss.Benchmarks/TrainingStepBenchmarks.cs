using BenchmarkDotNet.Attributes;
using ErTraining.Data;
using ErTraining.Training;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>
/// A whole training step against the forward and backward pass of its encoder alone: what views, projector, loss, optimizer and
/// bookkeeping cost beside it.
/// </summary>
public class TrainingStepBenchmarks : IDisposable
{
    private Trainer _trainer = null!;
    private Tensor _order = null!, _images = null!;
    private MetricSums _sums = null!;

    /// <summary>Images a step.</summary>
    [Params(128, 256)]
    public int BatchSize { get; set; }

    /// <summary>Makes a trainer on synthetic images, and a batch of two views.</summary>
    [GlobalSetup]
    public void Setup()
    {
        ImageData data = SyntheticImages.Create(BatchSize, testCount: 10, seed: 0);
        _trainer = new Trainer(new TrainingSettings { BatchSize = BatchSize, Epochs = 1000 }, data, CPU, new NoObserver());
        _order = arange(BatchSize, dtype: ScalarType.Int64);
        _sums = new MetricSums(CPU);
        _images = randn(2 * BatchSize, ImageSet.Channels, ImageSet.Size, ImageSet.Size);
        _trainer.Method.train();
    }

    /// <summary>The encoder's forward and backward pass over two views.</summary>
    [Benchmark(Baseline = true)]
    public void Encoder()
    {
        using var scope = NewDisposeScope();
        _trainer.Method.zero_grad();
        _trainer.Method.Encoder.call(_images).sum().backward();
    }

    /// <summary>All of a step.</summary>
    [Benchmark]
    public void Step() => _trainer.Step(_order, epoch: 1, step: 0, _sums);

    /// <summary>Gives everything native back.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _trainer.Dispose();
        _order.Dispose();
        _sums.Dispose();
        _images.Dispose();
        GC.SuppressFinalize(this);
    }

    private sealed class NoObserver : ITrainingObserver
    {
        public void OnStart(double knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
        {
        }

        public void OnProgress(TrainingProgress progress)
        {
        }

        public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft)
        {
        }
    }
}
