namespace ErLoss.Modules;

/// <summary>
/// How the pairwise terms of the kernel density estimate on the sphere are computed. The choice affects speed, memory and which derivatives
/// exist; values and first derivatives are the same to rounding.
/// </summary>
public enum KernelEvaluation
{
    /// <summary>
    /// The faster one: <see cref="Composed"/> for fewer than 512 rows and fewer than a million pairs of a row and a centre, <see cref="Fused"/> from there on. The
    /// library cannot know whether higher derivatives will be requested; choose <see cref="Composed"/> if you need them.
    /// </summary>
    Auto,

    /// <summary>
    /// The value and its first derivatives, with respect to the projections and to a learnt κ, are computed together, over tiles of the
    /// matrix of pairs. This takes about half the arithmetic and no k×k matrix: memory grows with k·d, plus at most 160 MiB of tiles that are
    /// kept and two tiles at work. If no gradient is required (as under no_grad), only the value is computed.
    /// </summary>
    /// <remarks>
    /// <para>
    /// It gives no second derivatives. Backpropagating through its gradient (a gradient penalty, a Hessian product) fails with "the
    /// derivative for '_cdist_backward' is not implemented": <c>backward</c> throws it as an ExternalException, but TorchSharp's
    /// <c>autograd.grad</c> ends the process on any native error, this one included.
    /// </para>
    /// <para>
    /// The values of the rows (<see cref="EntropyReconstructionOptions.Reduction"/>) have as many gradients as there are rows. Therefore
    /// their gradient is computed in the backward pass, which evaluates all tiles again: a third more arithmetic than for the scalar, and
    /// no tiles are kept. If this computation fails, for instance for lack of memory, <c>backward</c> throws an ExternalException that says
    /// "returned an invalid gradient".
    /// </para>
    /// <para>
    /// Where the exponents span more than their type can hold (leave-one-out with a very large κ, or rows of very different norms) each
    /// row gets its own shift, at about twice the arithmetic; the memory stays the same. On a GPU, leave-one-out with normalised rows
    /// always uses these shifts if κ is 60 or more (600 in float64), because checking whether they are needed would make the host wait. In
    /// float32, exponents that may reach 60 are computed in float64, except with normalised rows and a κ that is learnt on a GPU, because the
    /// host does not know its value.
    /// </para>
    /// </remarks>
    Fused,

    /// <summary>
    /// Ordinary tensor operations on the k×k similarity matrix; derivatives of any order in the projections, memory of several such
    /// matrices. (The normaliser has one derivative in a learnt κ; a second one throws.)
    /// </summary>
    Composed,

    /// <summary>
    /// By the attention kernels of libtorch, since attention is a kernel density estimate: its log-sum is the log-density, and its output the gradient.
    /// </summary>
    Attention,
}
