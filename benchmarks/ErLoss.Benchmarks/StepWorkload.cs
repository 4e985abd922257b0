using ErTraining.Data;
using ErTraining.Methods;
using ErTraining.Training;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>A training step on synthetic images, and the forward and backward pass of its encoder alone.</summary>
internal sealed class StepWorkload : IDisposable
{
    private readonly Trainer _trainer;
    private readonly Tensor _order, _images;
    private readonly MetricSums _sums;

    /// <param name="settings">What is trained; its batch size says how much.</param>
    /// <param name="device">Where.</param>
    public StepWorkload(TrainingSettings settings, Device device)
    {
        ImageData data = SyntheticImages.Create(settings.BatchSize, testCount: 10, seed: 0);
        _trainer = new Trainer(settings with { Epochs = 1000 }, data, device, new NoObserver());
        _order = arange(settings.BatchSize, dtype: ScalarType.Int64, device: device);
        _images = randn(2 * settings.BatchSize, ImageSet.Channels, ImageSet.Size, ImageSet.Size, device: CPU).to(device);
        _sums = new MetricSums(device);
        _trainer.Method.train();
    }

    /// <summary>What is trained.</summary>
    public TwoViewMethod Method => _trainer.Method;

    /// <summary>The encoder's forward and backward pass over two views of each image.</summary>
    public void Encoder()
    {
        using var scope = NewDisposeScope();
        _trainer.Method.zero_grad();
        _trainer.Method.Encoder.call(_images).sum().backward();
    }

    /// <summary>All of a step.</summary>
    public void Step() => _trainer.Step(_order, epoch: 1, step: 0, _sums);

    public void Dispose()
    {
        _trainer.Dispose();
        _order.Dispose();
        _images.Dispose();
        _sums.Dispose();
    }
}
