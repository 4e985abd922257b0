using ErTraining.Methods;
using static TorchSharp.torch;

namespace ErTraining.Training;

/// <summary>Sums a method's terms over steps on the device, so that a step need not wait for its values.</summary>
internal sealed class MetricSums(Device device) : IDisposable
{
    private readonly Tensor _sums = zeros(4, dtype: ScalarType.Float64, device: device).DetachFromDisposeScope();
    private int _steps;

    /// <summary>Adds a step's terms.</summary>
    public void Add(MethodTerms terms)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        _sums.add_(stack([terms.Loss, terms.Entropy, terms.Reconstruction, terms.MutualInformationBound]));
        _steps++;
    }

    /// <summary>Means over the steps added: loss, entropy, reconstruction, mutual-information bound. Waits for the device.</summary>
    public double[] Means()
    {
        using Tensor sums = _sums.cpu();
        return [.. sums.data<double>().Select(sum => sum / _steps)];
    }

    /// <inheritdoc/>
    public void Dispose() => _sums.Dispose();
}
