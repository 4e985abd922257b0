using ErLoss.Modules.Distributed;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>A training step on synthetic images, and the forward and backward pass of its encoder alone.</summary>
internal sealed class StepWorkload : IDisposable
{
    private readonly ImageTensors _data;
    private readonly TrainingStep _step;
    private readonly Tensor _images;
    private readonly MetricSums _sums;

    /// <param name="settings">What is trained; its batch size says how much.</param>
    /// <param name="device">Where.</param>
    /// <param name="group">The ranks that share each batch; null if this process has all of it.</param>
    public StepWorkload(RunSettings settings, Device device, ProcessGroup? group = null)
    {
        _data = new ImageTensors(SyntheticImages.Create(settings.BatchSize, testCount: 10, seed: 0, settings.Data.ImageSize).Train, device);
        Method = InitialWeights.Method(Registry.Default, settings, settings.BatchSize, group: group);
        Method.to(device);
        _step = new TrainingStep(settings with { Epochs = 1000 }, Method, _data, group);
        _images = randn(2 * settings.BatchSize, ImageSet.Channels, settings.Data.ImageSize, settings.Data.ImageSize, device: CPU).to(device);
        _sums = new MetricSums(device);
        _step.BeginEpoch(1, isNew: true);
    }

    /// <summary>What is trained.</summary>
    public TwoViewMethod Method { get; }

    /// <summary>The encoder's forward and backward pass over two views of each image.</summary>
    public void Encoder()
    {
        using var scope = NewDisposeScope();
        Method.zero_grad();
        Method.Encoder.call(_images).sum().backward();
    }

    /// <summary>All of a step.</summary>
    public void Step() => _step.Take(epoch: 1, step: 0, _sums);

    public void Dispose()
    {
        _step.Dispose();
        Method.Dispose();
        _data.Dispose();
        _images.Dispose();
        _sums.Dispose();
    }
}
