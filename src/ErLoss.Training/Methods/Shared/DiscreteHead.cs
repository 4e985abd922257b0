using ErLoss.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>Terms of methods whose outputs are distributions over classes, (k, classes), from logits.</summary>
internal static class DiscreteHead
{
    /// <summary>The entropy of two views' batch marginals, the mean of both; see <see cref="EntropyReconstruction.entropy"/>.</summary>
    /// <param name="logits1">(k, classes), divided by the temperature already.</param>
    /// <param name="logits2">Likewise, of the other view.</param>
    /// <param name="estimator">How it is estimated.</param>
    /// <returns>A scalar, in nats.</returns>
    public static Tensor MarginalEntropy(Tensor logits1, Tensor logits2, EntropyEstimator estimator)
    {
        using var scope = NewDisposeScope();
        return ((Entropy(logits1) + Entropy(logits2)) / 2).MoveToOuterDisposeScope();

        Tensor Entropy(Tensor logits) =>
            EntropyReconstruction.entropy(functional.softmax(logits, 1), support: Support.Discrete, estimator: estimator);
    }

    /// <summary>−(1/k) Σ_i Σ_j target_ij·log softmax(logits_i)_j, for two views, each predicting the other's target: the mean of both ways.</summary>
    /// <param name="target1">(k, classes), rows that sum to one: the first view's, without gradient.</param>
    /// <param name="logits1">(k, classes): the first view's, divided by the temperature already.</param>
    /// <param name="target2">The second view's target.</param>
    /// <param name="logits2">The second view's logits.</param>
    /// <returns>A scalar, in nats.</returns>
    public static Tensor SwappedCrossEntropy(Tensor target1, Tensor logits1, Tensor target2, Tensor logits2)
    {
        using var scope = NewDisposeScope();
        return ((functional.cross_entropy(logits2, target1) + functional.cross_entropy(logits1, target2)) / 2).MoveToOuterDisposeScope();
    }
}
