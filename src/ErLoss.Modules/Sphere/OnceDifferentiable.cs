using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// An ordinary autograd node made of a value and its gradient, both computed beforehand, that refuses a second derivative.
/// </summary>
/// <remarks>
/// The inner product t of a variable and its gradient has the right first derivative; but its second derivatives would silently be zero. So it goes through a distance of two
/// numbers, one of them below all others: libtorch has no derivative of cdist's backward, and whoever differentiates a gradient of the result is told "the derivative for
/// '_cdist_backward' is not implemented". That costs nothing, and it needs no managed code inside the backward pass, where an exception would end the process.
/// Zeros of several elements go through as many distances, each of one pair.
/// </remarks>
internal static class OnceDifferentiable
{
    /// <summary>The same in the value's own type.</summary>
    public static Tensor Attach(Tensor value, params ReadOnlySpan<(Tensor? Variable, Tensor? Gradient)> gradients) => Attach(value, value.dtype, gradients);

    /// <summary>A value that has given gradients.</summary>
    /// <param name="value">A scalar without gradient.</param>
    /// <param name="dtype">The type that it is given.</param>
    /// <param name="gradients">
    /// Variables, and the value's gradients with respect to them, of equal shapes. A variable that does not require gradient, or comes
    /// without one, is passed over.
    /// </param>
    public static Tensor Attach(Tensor value, ScalarType dtype, params ReadOnlySpan<(Tensor? Variable, Tensor? Gradient)> gradients)
    {
        Tensor? change = null;
        foreach ((Tensor? variable, Tensor? gradient) in gradients)
        {
            if (variable is { requires_grad: true } && gradient is not null)
            {
                // In the gradient's type, if that is the value's: only the term is wanted.
                ScalarType computed = gradient.dtype == dtype ? dtype : variable.dtype;
                Tensor term = dot(variable.reshape(-1).to(computed), gradient.reshape(-1).to(computed, variable.device)).to(dtype, value.device);
                change = change is null ? term : change + term;
            }
        }
        if (change is null)
        {
            return value.to(dtype);
        }
        // The distance is t + ∞, whose derivative in t is one. Then the value is put in its place, outside the graph.
        Tensor attached = cdist(change.view(1, 1), Constants.Least(dtype, value.device), p: 1).view([]) + 0;
        attached.detach().copy_(value);
        return attached;
    }

    /// <summary>Zeros that have the first derivatives of some others, and refuse the second.</summary>
    public static Tensor Refuse(Tensor zeros)
    {
        Tensor each = zeros.view(-1, 1, 1);
        return cdist(each, full_like(each, -1), p: 1).view(zeros.shape) - 1;
    }
}
