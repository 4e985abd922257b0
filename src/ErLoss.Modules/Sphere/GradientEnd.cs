using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// A node between that of <see cref="RowValues"/> and its variables, without a gradient of its own. It runs after that node in every backward pass, whichever of the variables' gradients
/// is asked for. By then native code has its own references to what that node returned, and the returned tensors can be disposed of.
/// </summary>
/// <remarks>Its value is an input of that node. The value has two elements, so that a gradient of no elements is refused; <see cref="RowValues"/> makes use of that.</remarks>
internal sealed class GradientEnd : autograd.SingleTensorFunction<GradientEnd>
{
    /// <inheritdoc/>
    public override string Name => nameof(GradientEnd);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(nameof(ReturnedGradients), vars[^1]);
        ctx.set_materialize_grads(false);
        return zeros(2, device: CPU);
    }

    /// <inheritdoc/>
    public override List<Tensor?> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        ((ReturnedGradients)ctx.get_data(nameof(ReturnedGradients))).Dispose();
        grad_output.Dispose();
        return [null, null, null, null];
    }
}
