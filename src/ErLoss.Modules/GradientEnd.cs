using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// A node between another one and its variables, without a gradient of its own. It runs after that node in every backward pass, whichever of the variables' gradients
/// is asked for. By then native code has its own references to what that node returned, and the returned tensors can be disposed of.
/// </summary>
/// <remarks>Its arguments are the variables of that node, and then the <see cref="ReturnedGradients"/>. Its value is an input of that node.</remarks>
internal sealed class GradientEnd : autograd.SingleTensorFunction<GradientEnd>
{
    private const string Count = "count"; // of the arguments

    private const int Length = 2; // so that a gradient of no elements is refused, which a node may return that has failed

    /// <inheritdoc/>
    public override string Name => nameof(GradientEnd);

    /// <summary>What that node returns for this one's value. An undefined gradient would be counted by TorchSharp as a tensor that is alive for ever.</summary>
    public static Tensor OfValue() => zeros(Length, device: CPU);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(nameof(ReturnedGradients), vars[^1]);
        ctx.save_data(Count, vars.Length);
        ctx.set_materialize_grads(false);
        return zeros(Length, device: CPU);
    }

    /// <inheritdoc/>
    public override List<Tensor?> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        ((ReturnedGradients)ctx.get_data(nameof(ReturnedGradients))).Dispose();
        grad_output.Dispose();
        return [.. Enumerable.Repeat<Tensor?>(null, (int)ctx.get_data(Count))];
    }
}
