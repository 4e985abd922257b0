namespace ErLoss.Modules;

/// <summary>How the entropy is estimated from the (estimated) densities of a batch.</summary>
public enum EntropyEstimator
{
    /// <summary>
    /// The expectation of −log p̂ under p̂ itself: on the sphere H = −Σ_i w_i·log p̂(z_i) with w = softmax_i(log p̂(z_i)),
    /// the weights carrying gradient; discrete, the entropy of the batch marginal, H = −Σ_j p̄_j·log p̄_j.
    /// The reference code's "expectation".
    /// </summary>
    /// <remarks>
    /// On the sphere the rows already fall where p̂ is large, so the weights count the density twice: away from uniform the value is below
    /// Joe's, which is the one to read as an entropy.
    /// </remarks>
    PlugIn,

    /// <summary>
    /// The average of −log p̂ over the batch: on the sphere Joe's (1989) estimator, H = −(1/k) Σ_i log p̂(z_i); discrete, the
    /// cross-entropy of the uniform prior with the batch marginal, H = −(1/d) Σ_j log p̄_j. The reference code's "average".
    /// </summary>
    /// <remarks>
    /// Do not train with it on the discrete support. There its smallest value, log d, belongs to classes that are all used equally, and it grows without limit as a
    /// class dies; the loss makes the entropy large, so it drives classes to die. Use it only to reproduce published figures.
    /// </remarks>
    Joe,
}
