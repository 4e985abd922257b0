namespace ErLoss.Benchmarks;

/// <summary>What a step of several ranks exchanges and computes besides views and networks, as a model: docs/several-processes.md explains it.</summary>
/// <param name="Ranks">p.</param>
/// <param name="Rows">K, of all ranks.</param>
/// <param name="Dimension">d.</param>
/// <param name="Views">V, each of which has an entropy.</param>
/// <param name="Channels">The sum of the channels of all synchronised batch normalisations.</param>
/// <param name="Normalizations">How many of them there are.</param>
/// <param name="Weights">How many trained numbers there are.</param>
internal sealed record StepCost(int Ranks, long Rows, int Dimension, int Views, long Channels, int Normalizations, long Weights)
{
    private const int Single = 4, Double = 8, AgreedNumbers = 40;

    /// <summary>Collectives of a step: those of the loss, of batch normalisation forwards and backwards, and of the gradients.</summary>
    public int Collectives => LossCollectives + 2 * Normalizations + (Weights > 0 ? 1 : 0);

    /// <summary>Collectives of the loss: one in which ranks compare what they have, rows and log-sums of each view, and the reconstruction.</summary>
    public int LossCollectives => 2 + 2 * Views;

    /// <summary>Bytes that a rank has after the collectives of the loss: what ranks compare, all rows and log-sums, and the reconstruction.</summary>
    public double LossBytes => (double)Views * Rows * (Single * Dimension + Double) + Ranks * AgreedNumbers * Double + Double;

    /// <summary>Bytes of the sums in batch normalisation, forwards and backwards.</summary>
    public double NormalizationBytes => Double * (4.0 * Channels + Normalizations);

    /// <summary>Bytes of the gradients.</summary>
    public double GradientBytes => (double)Single * Weights;

    /// <summary>Floating-point operations of a rank's kernels: a product of its rows with all for the sums, one for the gradient, and one more for kernels that are not kept.</summary>
    /// <param name="keepsKernels">Whether there is room to keep them.</param>
    public double LossOperations(bool keepsKernels) => (keepsKernels ? 2.0 : 3.0) * 2 * Views * Rows * Rows * Dimension / Ranks;

    /// <summary>Seconds that a rank computes the loss's products.</summary>
    public double LossSeconds(ClusterSpeed speed, bool keepsKernels) => LossOperations(keepsKernels) / speed.Flops;

    /// <summary>Seconds of the loss's collectives.</summary>
    public double LossExchangeSeconds(ClusterSpeed speed) =>
        speed.AllGather(Ranks * AgreedNumbers * Double, Ranks) + Views * (speed.AllGather((double)Rows * Single * Dimension, Ranks) + speed.AllGather((double)Rows * Double, Ranks)) + speed.AllReduce(Double, Ranks);

    /// <summary>Seconds of batch normalisation's collectives.</summary>
    public double NormalizationSeconds(ClusterSpeed speed) => 2 * Normalizations * speed.AllReduce(0, Ranks) + speed.AllReduce(NormalizationBytes, Ranks) - speed.AllReduce(0, Ranks);

    /// <summary>Seconds of the gradients' collective.</summary>
    public double GradientSeconds(ClusterSpeed speed) => speed.AllReduce(GradientBytes, Ranks);
}
