using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// Computes the gradient of a batch's values −l_i, (k), over tiles of the pairs, in the backward pass. Only there is it known what scalar is made of the values; its gradient h in them
/// gives the slopes a_i = −h_i.
/// </summary>
/// <remarks>
/// <para>
/// Between the two passes only tensors of k·d, k, m·d and m numbers are kept. They belong to the node, so that a user who changes a tensor in place cannot make them wrong, and they are
/// freed with the graph. <see cref="ReturnedGradients"/> frees what the node returns.
/// </para>
/// <para>
/// An exception must not leave <see cref="backward"/>, because native code calls it and the process would end. Memory may run out there all the same. It then returns a gradient of a
/// shape that libtorch refuses, so that the user's call of <c>backward</c> throws an ExternalException.
/// </para>
/// </remarks>
internal sealed class RowValues : autograd.SingleTensorFunction<RowValues>
{
    private static readonly Scalar s_zero = 0; // kept, as a number's conversion may be freed before native code reads it

    /// <inheritdoc/>
    public override string Name => nameof(RowValues);

    /// <summary>Zeros, (k), that have the gradient of the values and refuse a second derivative.</summary>
    /// <param name="embeddings">(k, d), float32 or float64.</param>
    /// <param name="centers">Further centres, (m, d) with m ≥ 1, or null.</param>
    /// <param name="logSums">The rows' log-sums, (k) in float64, with the own kernels where these are kept; +∞ for rows that do not count.</param>
    /// <param name="weights">What kernels weigh.</param>
    /// <param name="settings">How the entropy is estimated.</param>
    /// <param name="wanted">Which gradients are wanted; one at least.</param>
    /// <param name="shiftsEachRow">See <see cref="FusedKernels.ShiftsEachRow"/>.</param>
    public static Tensor Zeros(
        Tensor embeddings, Tensor? centers, Tensor logSums, KernelWeights weights, KernelSettings settings, WantedGradients wanted, bool shiftsEachRow)
    {
        Tensor? kappa = settings.Concentration.Learnt;
        // Normalised rows are the loss's own already; others are the user's, who may change them.
        Tensor Own(Tensor rows) => settings.UnitRows ? rows.detach() : rows.detach().clone();
        var call = new Call(
            [Own(embeddings), centers is null ? null : Own(centers), logSums, kappa?.detach(), .. weights.OfKernels],
            settings,
            wanted,
            shiftsEachRow,
            new ReturnedGradients());
        Tensor end = GradientEnd.apply(embeddings, centers, kappa, call.Returned);
        return OnceDifferentiable.Refuse(apply(embeddings, centers, kappa, end, call));
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var call = (Call)vars[^1];
        ctx.save_for_backward([.. call.Saved!]);
        ctx.save_data(nameof(Call), call with { Saved = null });
        ctx.set_materialize_grads(false);
        return zeros_like(((Tensor)vars[0])[.., 0]);
    }

    /// <inheritdoc/>
    public override List<Tensor?> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var call = (Call)ctx.get_data(nameof(Call));
        using var scope = NewDisposeScope();
        try
        {
            KernelGradients gradients = Gradients(call, ctx.get_saved_variables(), grad_output);
            return [call.Returned.Add(gradients.Rows), call.Returned.Add(gradients.Centers), call.Returned.Add(gradients.Kappa), call.Returned.Add(GradientEnd.OfValue()), null];
        }
        catch (Exception)
        {
            return [null, null, null, call.Returned.Add(zeros(0, device: CPU)), null];
        }
        finally
        {
            grad_output.Dispose();
        }
    }

    private static KernelGradients Gradients(Call call, List<Tensor?> saved, Tensor gradient)
    {
        KernelGradients gradients;
        using (no_grad())
        {
            Tensor rows = saved[0]!, logSums = saved[2]!;
            var weights = KernelWeights.Restore([.. saved.Skip(4)]);
            // The tensor that κ was then has ended with its dispose scope.
            KernelSettings settings = saved[3] is { } kappa ? call.Settings with { Concentration = new Concentration(kappa, call.Settings.Concentration.Value) } : call.Settings;
            var kernels = new FusedKernels(rows, null, saved[1], weights, settings, call.Wanted);
            kernels.Prepare(call.ShiftsEachRow);
            Tensor slopes = (-gradient).to(ScalarType.Float64).masked_fill(logSums.isposinf(), s_zero);
            gradients = kernels.Gradients(slopes, logSums);
        }
        if (!is_grad_enabled() || !gradient.requires_grad)
        {
            return gradients;
        }
        // A second derivative may be asked for. What is returned depends on the node that refuses it.
        Tensor zero = (gradient - gradient.detach()).sum();
        return new KernelGradients(On(gradients.Rows), On(gradients.Centers), On(gradients.Kappa));

        Tensor? On(Tensor? value) => value is null ? null : value + zero.to(value.dtype);
    }

    /// <summary>What the backward pass needs.</summary>
    /// <param name="Saved">Rows, further centres, log-sums, κ if it is learnt, and the weights' tensors; null once the node has them.</param>
    /// <param name="Settings">How the entropy is estimated.</param>
    /// <param name="Wanted">Which gradients are wanted.</param>
    /// <param name="ShiftsEachRow">See <see cref="FusedKernels.ShiftsEachRow"/>.</param>
    /// <param name="Returned">What the node has returned.</param>
    private sealed record Call(IReadOnlyList<Tensor?>? Saved, KernelSettings Settings, WantedGradients Wanted, bool ShiftsEachRow, ReturnedGradients Returned);
}
