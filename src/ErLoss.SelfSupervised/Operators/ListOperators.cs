using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Operators;

/// <summary>
/// libtorch's operators over lists of tensors, which TorchSharp does not bind: one call, and on a GPU a few launches, for all the weights of a network.
/// </summary>
/// <remarks>
/// <para>TorchScript calls any operator by its name. The functions are compiled once for the process; TorchSharp cannot free what it compiled, and an error in
/// the source would end the process, so the source is constant and every function has a test.</para>
/// <para>All tensors of a list need one type and one device, which CUDA's operators ask for, and lists that are read and written together the same shapes and strides, one for
/// one. No list may be empty. The operators go through memory in its order, on a CPU without looking at strides. Numbers go along with the launches, so that the host waits for nothing.</para>
/// </remarks>
internal static class ListOperators
{
    // _fused_adamw_ takes the number of steps as a float32 tensor for each weight, on its device; one serves all. 6 is float32's number; the source ends with a line's end.
    private const string Source = """
        def adamw_(weights: List[Tensor], gradients: List[Tensor], means: List[Tensor], mean_squares: List[Tensor],
                   step: int, rate: float, beta1: float, beta2: float, decay: float, epsilon: float) -> None:
            steps = [torch.full([], step, dtype=6, device=weights[0].device)] * len(weights)
            torch._fused_adamw_(weights, gradients, means, mean_squares, [], steps, lr=rate, beta1=beta1, beta2=beta2,
                                weight_decay=decay, eps=epsilon, amsgrad=False, maximize=False)

        def sgd_(weights: List[Tensor], gradients: List[Tensor], momenta: List[Tensor], rate: float, momentum: float, decay: float) -> None:
            torch._fused_sgd_(weights, gradients, momenta, weight_decay=decay, momentum=momentum, lr=rate, dampening=0.,
                              nesterov=False, maximize=False, is_first_step=False)

        def adapt_(weights: List[Tensor], gradients: List[Tensor], trust: float, decay: float, clip: bool, rate: float) -> None:
            weight = torch.stack(torch._foreach_norm(weights))
            gradient = torch.stack(torch._foreach_norm(gradients))
            factor = trust * weight / (gradient + decay * weight)
            if clip:
                factor = (factor / rate).clamp_max(1)
            factor = torch.where((weight > 0) & (gradient > 0), factor, torch.ones_like(factor))
            torch._foreach_add_(gradients, weights, alpha=decay)
            torch._foreach_mul_(gradients, factor.unbind())

        def lerp_(tensors: List[Tensor], ends: List[Tensor], weight: float) -> None:
            torch._foreach_lerp_(tensors, ends, weight)

        """;

    private static readonly Lazy<jit.CompilationUnit> s_functions = new(() => jit.compile(Source));

    /// <summary>A step of AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019) by <c>_fused_adamw_</c>.</summary>
    /// <param name="weights">Moved.</param>
    /// <param name="gradients">Read.</param>
    /// <param name="means">The gradients' moving averages; moved.</param>
    /// <param name="meanSquares">Those of their squares; moved.</param>
    /// <param name="step">Counted from one.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="beta1">Coefficient of the averages.</param>
    /// <param name="beta2">Coefficient of the averages of squares.</param>
    /// <param name="decay">Weight decay.</param>
    /// <param name="epsilon">Added to the root.</param>
    public static void AdamW(
        Tensor[] weights, Tensor[] gradients, Tensor[] means, Tensor[] meanSquares, long step, double rate, double beta1, double beta2, double decay, double epsilon) =>
        Invoke("adamw_", [weights, gradients, means, meanSquares], step, rate, beta1, beta2, decay, epsilon);

    /// <summary>A step of SGD with momentum by <c>_fused_sgd_</c>: v ← m·v + (g + β·w), w ← w − γ·v.</summary>
    /// <param name="weights">w; moved.</param>
    /// <param name="gradients">g; read.</param>
    /// <param name="momenta">v, zero before the first step; moved.</param>
    /// <param name="rate">γ.</param>
    /// <param name="momentum">m, positive.</param>
    /// <param name="decay">β.</param>
    public static void Sgd(Tensor[] weights, Tensor[] gradients, Tensor[] momenta, double rate, double momentum, double decay) =>
        Invoke("sgd_", [weights, gradients, momenta], rate, momentum, decay);

    /// <summary>Makes g into λ·(g + β·w): the first half of a step of LARS (You et al., "Large Batch Training of Convolutional Networks", 2017).</summary>
    /// <param name="weights">w; read.</param>
    /// <param name="gradients">g; changed.</param>
    /// <param name="trust">η.</param>
    /// <param name="decay">β.</param>
    /// <param name="clip">Whether λ is to be divided by <paramref name="rate"/> and at most one.</param>
    /// <param name="rate">γ.</param>
    public static void Adapt(Tensor[] weights, Tensor[] gradients, double trust, double decay, bool clip, double rate) =>
        Invoke("adapt_", [weights, gradients], trust, decay, clip, rate);

    /// <summary>Moves tensors to (1 − <paramref name="weight"/>)·tensor + <paramref name="weight"/>·end.</summary>
    /// <param name="tensors">Moved.</param>
    /// <param name="ends">Read.</param>
    /// <param name="weight">From 0 to 1.</param>
    public static void Lerp(Tensor[] tensors, Tensor[] ends, double weight) => Invoke("lerp_", [tensors, ends], weight);

    private static void Invoke(string function, Tensor[][] lists, params object[] numbers)
    {
        if (Array.Find(lists, list => Array.Exists(list, tensor => tensor.dtype != list[0].dtype)) is not null)
        {
            throw new ArgumentException("The tensors of a list are of several types; one is wanted.", nameof(lists));
        }

        // As Scalars that live until the call returns: of a plain double TorchSharp makes one that may be finalized before it is read.
        var scalars = new List<Scalar>();
        object?[] arguments = [.. lists, .. numbers.Select(number => number switch
        {
            double value => Keep(value),
            long value => Keep(value),
            _ => number,
        })];
        s_functions.Value.invoke(function, arguments!);
        scalars.ForEach(scalar => scalar.Dispose());

        Scalar Keep(Scalar scalar)
        {
            scalars.Add(scalar);
            return scalar;
        }
    }
}
