using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Normalization;

/// <summary>
/// A node between that of <see cref="BatchGradient"/> and its input, without a gradient of its own. It runs after that node in every backward pass. By then native code has its own references to what that node has
/// returned, so that this one disposes of it: TorchSharp does not, and the gradients of all layers would stay until the end of the backward pass.
/// </summary>
internal sealed class ReturnedGradient : autograd.SingleTensorFunction<ReturnedGradient>
{
    private const int Length = 2;

    /// <inheritdoc/>
    public override string Name => nameof(ReturnedGradient);

    /// <summary>A gradient of this node's value, which is an input of the other one. An undefined one would be counted by TorchSharp as a tensor that is alive for ever.</summary>
    public static Tensor OfValue() => zeros(Length, device: CPU);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(nameof(List), vars[^1]);
        ctx.set_materialize_grads(false);
        return zeros(Length, device: CPU);
    }

    /// <inheritdoc/>
    public override List<Tensor?> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        ((List)ctx.get_data(nameof(List))).Dispose();
        grad_output.Dispose();
        return [null, null];
    }

    /// <summary>What a node has returned.</summary>
    internal sealed class List
    {
        private readonly List<Tensor> _tensors = [];

        /// <summary>Keeps a tensor beyond the present dispose scope.</summary>
        public Tensor Add(Tensor tensor)
        {
            _tensors.Add(tensor.DetachFromDisposeScope());
            return tensor;
        }

        /// <summary>Disposes of all.</summary>
        public void Dispose()
        {
            _tensors.ForEach(tensor => tensor.Dispose());
            _tensors.Clear();
        }
    }
}
