using ErLoss.Modules;
using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Normalization;

/// <summary>
/// The part of a batch normalisation's gradient that comes from the batch's mean and variance. Normalisation itself is libtorch's, with given statistics; its gradients in scale w and shift are Σ dy·x̂ and Σ dy over
/// the own rows. Here they are summed over the ranks, and an input x gets −w/σ·(Σ dy + x̂·Σ dy·x̂)/N besides what it gets there.
/// </summary>
/// <remarks>
/// Its values are vectors, since TorchSharp keeps a tensor of the size of each value for as long as the graph. An exception must not leave <see cref="backward"/>, because native code calls it and the process would
/// end. If one occurs, it returns a gradient of a shape that libtorch refuses, so that the user's call of <c>backward</c> throws an ExternalException.
/// </remarks>
internal sealed class BatchGradient : autograd.MultiTensorFunction<BatchGradient>
{
    /// <inheritdoc/>
    public override string Name => nameof(SyncBatchNorm);

    /// <summary>Scale and shift as they are, with which the input's further gradient is computed in the backward pass.</summary>
    /// <param name="input">What is normalised; it requires gradient.</param>
    /// <param name="scale">(C), or null for ones.</param>
    /// <param name="shift">(C), or null for zeros.</param>
    /// <param name="moments">By which it is normalised.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="group">The ranks.</param>
    public static (Tensor Scale, Tensor Shift) Attach(Tensor input, Tensor? scale, Tensor? shift, BatchMoments moments, double eps, ProcessGroup group)
    {
        var returned = new ReturnedGradients();
        Tensor end = GradientEnd.apply(input, returned);
        List<Tensor> attached = apply(
            input, scale ?? ones_like(moments.Mean), shift ?? zeros_like(moments.Mean), moments.Mean, moments.Variance, end, new Call(moments.Count, eps, group, returned));
        return (attached[0], attached[1]);
    }

    /// <inheritdoc/>
    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor input = (Tensor)vars[0], scale = (Tensor)vars[1], shift = (Tensor)vars[2];
        ctx.save_for_backward([input, scale, (Tensor)vars[3], (Tensor)vars[4]]);
        ctx.save_data(nameof(Call), vars[^1]);
        return [scale.clone(), shift.clone()];
    }

    /// <inheritdoc/>
    public override List<Tensor?> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        var call = (Call)ctx.get_data(nameof(Call));
        using var scope = NewDisposeScope();
        try
        {
            using var frozen = no_grad();
            List<Tensor?> saved = ctx.get_saved_variables();
            Tensor input = saved[0]!, scale = saved[1]!, mean = saved[2]!, variance = saved[3]!;
            Tensor sums = cat(grad_outputs).to(ScalarType.Float64);
            call.Group.AllReduce(sums);
            using Scalar share = -1 / call.Count, eps = call.Eps;
            Tensor[] factors = [.. (sums * share).to(mean.dtype).chunk(2).Select(sum => sum * scale * (variance + eps).rsqrt())];
            // x̂·factors[0] + factors[1] is a normalisation with other scales and shifts.
            Tensor gradient = nn.functional.batch_norm(input, mean, variance, factors[0], factors[1], training: false, momentum: 0, call.Eps);
            return [call.Returned.Add(gradient), call.Returned.Add(grad_outputs[0].clone()), call.Returned.Add(grad_outputs[1].clone()), null, null, call.Returned.Add(GradientEnd.OfValue()), null];
        }
        catch (Exception)
        {
            return [call.Returned.Add(zeros(0, device: CPU)), null, null, null, null, call.Returned.Add(GradientEnd.OfValue()), null];
        }
        finally
        {
            grad_outputs.ForEach(gradient => gradient.Dispose());
        }
    }

    /// <summary>What the backward pass needs besides tensors.</summary>
    /// <param name="Count">Numbers of a channel that all ranks have together.</param>
    /// <param name="Eps">Added to the variance.</param>
    /// <param name="Group">The ranks.</param>
    /// <param name="Returned">Gets what the node returns.</param>
    private sealed record Call(double Count, double Eps, ProcessGroup Group, ReturnedGradients Returned);
}
