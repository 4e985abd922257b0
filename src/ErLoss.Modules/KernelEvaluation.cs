namespace ErLoss.Modules;

/// <summary>
/// How the pairwise terms of the kernel density estimate on the sphere are computed. The choice affects speed, memory and which derivatives
/// exist; values and first derivatives are the same to rounding.
/// </summary>
public enum KernelEvaluation
{
    /// <summary>
    /// The fastest one. On a CPU that is <see cref="Composed"/> for fewer than 512 rows and fewer than a million pairs of a row and a centre, and <see cref="Fused"/> from there on,
    /// where one call of libtorch's attention kernel computes float32 centres that need no gradient, if there is one process, rows are normalised and have no ids, and κ is at most 60. On an
    /// NVIDIA GPU it is <see cref="Attention"/>, unless the rows have ids, are used as given, are float64, or are too many or too wide for its kernel in their type; for
    /// several calls of it (weights, a mask, further centres with gradient, with weights, or of each view) there must be two million pairs. The library cannot know
    /// whether higher derivatives will be requested; choose <see cref="Composed"/> if you need them.
    /// </summary>
    /// <remarks>The sizes at which it changes on a GPU come from times on an H100; some of these are of parts of the computation.</remarks>
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
    /// The value and its first derivatives are computed by the attention kernels of libtorch, since attention is a kernel density estimate: its log-sum is the log-density, and its output
    /// the gradient. There is no k×k matrix. Without weights, mask and ids the loss of two views, or the entropy of more, is one call of a compiled script; a queue without weights may be part of it.
    /// </summary>
    /// <remarks>
    /// <para>
    /// It is made for GPUs; on a CPU it is several times slower than <see cref="Fused"/> if there is no queue. It serves weights, masks, further centres with and without gradient, a learnt κ and the values of the
    /// rows. An <see cref="ArgumentException"/> says so where it cannot serve: rows with ids, float64 on a GPU, a κ of over 10,000 that the host knows, and where libtorch or the device has no
    /// such kernel (see <see cref="KernelEvaluations"/>). On the meta device <see cref="Composed"/> takes its place. It gives no second derivatives, as <see cref="Fused"/>.
    /// </para>
    /// <para>
    /// On a GPU, half-precision projections, and float32 ones where torch allows TF32 in products, are rounded to float16 in the products, which keeps as many bits as TF32. Other float32
    /// projections are computed in float32. With <see cref="ProductPrecision.BFloat16"/> float32 and half-precision projections are rounded to bfloat16.
    /// </para>
    /// </remarks>
    Attention,
}
