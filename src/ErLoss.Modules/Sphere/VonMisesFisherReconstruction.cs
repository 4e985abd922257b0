using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Reconstruction on the sphere: the prediction is the mean direction of a von Mises–Fisher density of the target.</summary>
internal static class VonMisesFisherReconstruction
{
    /// <summary>The reconstruction error without its constant, R + log C_d(κ): the mean of −κ·p_i·t_i over rows and pairs of a prediction and a target.</summary>
    /// <param name="predictions">(k, d) each.</param>
    /// <param name="targets">(k, d) each.</param>
    /// <param name="areOfViews">Whether a prediction does not meet the target at its own place; else it meets every target.</param>
    /// <param name="concentration">κ.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Relative(IReadOnlyList<Tensor> predictions, IReadOnlyList<Tensor> targets, bool areOfViews, Concentration concentration)
    {
        long pairs = ViewSums.Pairs(predictions.Count, targets.Count, areOfViews);
        return -concentration.Scale(ViewSums.OverPairs(predictions, targets, areOfViews, Product) / (pairs * targets[0].shape[0]));
    }

    private static Tensor Product(Tensor prediction, Tensor targets) => (prediction * targets).sum();
}
