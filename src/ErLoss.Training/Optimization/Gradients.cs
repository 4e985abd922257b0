using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Training.Optimization;

/// <summary>Gradients as the operators over lists want them.</summary>
internal static class Gradients
{
    /// <summary>The weights of a group that have a gradient, each with it.</summary>
    /// <returns>
    /// Gradients of the current dispose scope, laid out like their weights. What autograd leaves is, but for axes of length one, whose strides it does not care
    /// about (torch/csrc/autograd/utils/grad_layout_contract.h); such a gradient, or one laid out otherwise by other hands, is replaced by a copy.
    /// </returns>
    public static IEnumerable<(Parameter Weight, Tensor Gradient)> List(ParamGroup group)
    {
        foreach (Parameter weight in group.Parameters)
        {
            if (weight.grad is { } gradient)
            {
                if (!gradient.stride().AsSpan().SequenceEqual(weight.stride()))
                {
                    weight.grad = gradient = empty_like(weight).copy_(gradient);
                }
                yield return (weight, gradient);
            }
        }
    }
}
