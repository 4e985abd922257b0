using ErLoss.Modules.Distributed;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Normalization;

/// <summary>
/// Batch normalisation that can span several processes: with a <see cref="Group"/>, batches are normalised by mean and variance of the rows of all ranks, forwards and backwards, as one process with all rows would do it.
/// Without a group, and in evaluation mode, it computes what TorchSharp's <c>BatchNorm1d</c> and <c>BatchNorm2d</c> do, to the bit. Names of weights and buffers are theirs.
/// </summary>
/// <remarks>
/// <para>
/// All ranks must call it, each with its own rows, whose numbers may differ. A call in training mode exchanges 2·C + 1 numbers, C being the channels, and its backward pass 2·C numbers. All ranks must therefore go
/// through the backward pass too. The gradients of weights and biases are each rank's share, to be summed over the ranks; see <see cref="Modules.EntropyReconstructionOptions.Group"/>.
/// </para>
/// <para>
/// Each rank computes mean and variance of its own rows in their precision. The ranks sum means and mean squares in float64, and the variance is a difference of these. Where a mean is much larger than the
/// deviation, digits are lost: of rows in float32 fewer than their own rounding costs. Of rows in float64 the variance has a relative error of about 1e-16·(1 + mean²/variance).
/// </para>
/// <para>With a <see cref="LocalProcessGroup"/> it works on the CPU alone: its ranks would wait for each other in the one thread that libtorch has for the backward passes of a GPU.</para>
/// </remarks>
/// <example>
/// <code>
/// var network = nn.Sequential(nn.Linear(32, 64), new SyncBatchNorm(64), nn.ReLU(), nn.Linear(64, 16));
/// SyncBatchNorm.SetGroup(network, group);
/// </code>
/// </example>
public sealed class SyncBatchNorm : BatchNorm
{
    /// <summary>Makes the normalisation.</summary>
    /// <param name="features">Number of channels, C.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="momentum">The weight of a batch in the running statistics.</param>
    /// <param name="affine">Whether there are weights and biases.</param>
    /// <param name="device">Where weights and statistics are; by default on the CPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no channel.</exception>
    public SyncBatchNorm(long features, double eps = 1e-5, double momentum = 0.1, bool affine = true, Device? device = null)
        : base(Positive(features), eps, momentum, affine, track_running_stats: true, device ?? CPU, null, nameof(SyncBatchNorm))
    {
    }

    /// <summary>The ranks whose rows make the batch; null for this process alone.</summary>
    public ProcessGroup? Group { get; set; }

    /// <summary>Lets every batch normalisation in a network span the ranks of a group.</summary>
    /// <param name="network">The network.</param>
    /// <param name="group">The ranks; null to let each process normalise by its own rows.</param>
    /// <exception cref="ArgumentException">The network has batch normalisations of TorchSharp, which cannot span ranks; the message names the first.</exception>
    public static void SetGroup(nn.Module network, ProcessGroup? group)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (group is not null && Others(network) is [var first, ..] others)
        {
            throw new ArgumentException(
                $"The network has batch normalisations of TorchSharp, '{first}'{(others.Count > 1 ? $" and {others.Count - 1} more" : "")}, which normalise by the rows of one process; {nameof(SyncBatchNorm)} is wanted in their place.",
                nameof(network));
        }
        foreach (SyncBatchNorm normalization in Parts(network).Select(part => part.Module).OfType<SyncBatchNorm>())
        {
            normalization.Group = group;
        }
    }

    /// <summary>The names of the batch normalisations in a network that cannot span ranks.</summary>
    internal static IReadOnlyList<string> Others(nn.Module network) =>
        [.. Parts(network).Where(part => part.Module is BatchNorm and not SyncBatchNorm).Select(part => part.Name)];

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        if (!training || Group is not { Size: > 1 } group)
        {
            return base.forward(input);
        }
        ValidateInputDimensions(input);
        using var scope = NewDisposeScope();
        BatchMoments moments = BatchMoments.OfAllRanks(input, running_mean!, group);
        Follow(moments);
        (Tensor? scale, Tensor? shift) = (weight, bias);
        if (is_grad_enabled() && input.requires_grad)
        {
            (scale, shift) = BatchGradient.Attach(input, scale, shift, moments, eps, group);
        }
        return nn.functional.batch_norm(input, moments.Mean, moments.Variance, scale, shift, training: false, momentum: 0, eps).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void ValidateInputDimensions(Tensor input)
    {
        Arguments.CheckLive(input);
        if (input.dim() < 2 || input.shape[1] != num_features)
        {
            throw new ArgumentException($"The shape is {Arguments.ShapeOf(input)}; (k, {num_features}) or (k, {num_features}, …) is wanted.", nameof(input));
        }
    }

    /// <summary>Moves the running statistics towards those of a batch.</summary>
    private void Follow(BatchMoments moments)
    {
        using var frozen = no_grad();
        using Scalar share = momentum!.Value, rest = 1 - momentum.Value, unbiased = moments.Count / (moments.Count - 1);
        running_mean!.mul_(rest).add_(moments.Mean, share);
        running_var!.mul_(rest).add_(moments.Variance * unbiased, share);
        num_batches_tracked!.add_(1);
    }

    /// <summary>The network itself and what is in it.</summary>
    private static IEnumerable<(string Name, nn.Module Module)> Parts(nn.Module network) => network.named_modules().Prepend((network.GetName(), network)).DistinctBy(part => part.Item2);

    private static long Positive(long features) => features > 0
        ? features
        : throw new ArgumentOutOfRangeException(nameof(features), $"The number of channels is {features}; at least 1 is wanted.");
}
