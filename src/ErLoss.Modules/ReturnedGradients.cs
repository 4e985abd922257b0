using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// Gradients that a node has returned from the backward pass. Native code copies its references to them after the return, so that they must outlive it, and TorchSharp
/// does not dispose of them afterwards. <see cref="GradientEnd"/> does.
/// </summary>
internal sealed class ReturnedGradients
{
    private readonly List<Tensor> _tensors = [];

    /// <summary>Keeps a tensor for native code, beyond the present dispose scope.</summary>
    public Tensor? Add(Tensor? tensor)
    {
        if (tensor is not null)
        {
            tensor.DetachFromDisposeScope();
            lock (_tensors)
            {
                _tensors.Add(tensor);
            }
        }
        return tensor;
    }

    /// <summary>Disposes of all of them.</summary>
    public void Dispose()
    {
        lock (_tensors)
        {
            _tensors.ForEach(tensor => tensor.Dispose());
            _tensors.Clear();
        }
    }
}
