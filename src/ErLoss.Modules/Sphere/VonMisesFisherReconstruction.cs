using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Reconstruction on the sphere: the prediction is the mean direction of a von Mises–Fisher density of the target.</summary>
internal static class VonMisesFisherReconstruction
{
    /// <summary>
    /// The reconstruction error of views from each other without its constant, R + log C_d(κ): the mean of −κ·z_i·z'_i over rows and pairs of different
    /// views. A pair has the same value both ways and is counted once.
    /// </summary>
    /// <param name="views">Two at least, (k, d) each.</param>
    /// <param name="concentration">κ.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Relative(IReadOnlyList<Tensor> views, Concentration concentration)
    {
        Tensor before = views[0], sum = Product(views[1], before);
        for (int i = 2; i < views.Count; i++)
        {
            before += views[i - 1];
            sum += Product(views[i], before);
        }
        long pairs = (long)views.Count * (views.Count - 1) / 2;
        return -concentration.Scale(sum / (pairs * views[0].shape[0]));
    }

    /// <summary>The same of predictions and targets: the mean of −κ·p_i·t_i over rows and pairs.</summary>
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
