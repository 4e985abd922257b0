using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Normalization;

/// <summary>Mean and variance of each channel over the rows of all ranks.</summary>
/// <param name="Mean">(C).</param>
/// <param name="Variance">(C), biased.</param>
/// <param name="Count">Numbers of a channel that all ranks have together.</param>
internal sealed record BatchMoments(Tensor Mean, Tensor Variance, double Count)
{
    // libtorch's own kernel of batch normalisation, which TorchSharp does not bind. It computes the variance from the differences from the mean.
    private const string Source = """
        def statistics(values: Tensor, mean: Tensor, variance: Tensor) -> Tuple[Tensor, Tensor]:
            return torch.batch_norm_update_stats(values, mean, variance, 0.)

        """;

    private static readonly Scalar s_zero = 0; // kept, as a number's conversion may be freed before native code reads it

    private static readonly Lazy<jit.CompilationUnit> s_functions = new(() => jit.compile(Source));

    /// <summary>Moments of a batch, in one collective.</summary>
    /// <param name="values">(k, C) or (k, C, …): this rank's rows.</param>
    /// <param name="like">(C): a tensor of the type and on the device that the moments are wanted in.</param>
    /// <param name="group">The ranks.</param>
    public static BatchMoments OfAllRanks(Tensor values, Tensor like, ProcessGroup group)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        double count = (double)values.numel() / values.shape[1];
        (Tensor mean, Tensor variance) = OfThisRank(values, like);
        using Scalar own = count;
        Tensor sums = cat([mean, variance + mean * mean, ones(1, dtype: ScalarType.Float64, device: mean.device)]) * own;
        group.AllReduce(sums);
        double total = sums[^1].item<double>();
        Tensor[] moments = (sums.narrow(0, 0, sums.shape[0] - 1) / sums[^1]).chunk(2);
        return new BatchMoments(
            moments[0].to(like.dtype).MoveToOuterDisposeScope(),
            (moments[1] - moments[0] * moments[0]).clamp_min(s_zero).to(like.dtype).MoveToOuterDisposeScope(),
            total);
    }

    /// <summary>Mean and biased variance of this rank's rows, (C) in float64; zeros where it has none.</summary>
    private static (Tensor Mean, Tensor Variance) OfThisRank(Tensor values, Tensor like)
    {
        if (values.numel() == 0)
        {
            Tensor none = zeros_like(like, dtype: ScalarType.Float64);
            return (none, none); // libtorch's would be no numbers, and would become those of all ranks
        }
        (Tensor mean, Tensor variance) = ((Tensor, Tensor))s_functions.Value.invoke("statistics", values.detach(), zeros_like(like), zeros_like(like))!;
        return (mean.to(ScalarType.Float64), variance.to(ScalarType.Float64));
    }
}
