using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// A node of no gradient, between the node of <see cref="RowValues"/> and its variables. It comes after that node in every backward pass, whichever of the variables' gradients is asked for, so
/// that native code has by then taken over what that node returned: then the returned tensors are disposed of.
/// </summary>
/// <remarks>Its value, zeros of a shape that no failed gradient has, is an input of that node. See there.</remarks>
[SuppressMessage("Performance", "CA1812", Justification = "TorchSharp makes the instance.")]
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
