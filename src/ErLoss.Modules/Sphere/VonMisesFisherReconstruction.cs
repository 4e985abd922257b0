using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Reconstruction on the sphere: the prediction is the mean direction of a von Mises–Fisher density of the target.</summary>
internal static class VonMisesFisherReconstruction
{
    /// <summary>The reconstruction error of each row without its constant, R + log C_d(κ): the mean of −κ·p_i·t_i over pairs of a prediction and a target.</summary>
    /// <param name="predictions">(k, d) each.</param>
    /// <param name="met">For each prediction the sum of the targets that it meets, (k, d), or null.</param>
    /// <param name="pairs">How many pairs these are.</param>
    /// <param name="concentration">κ.</param>
    /// <returns>(k).</returns>
    public static Tensor Relative(IReadOnlyList<Tensor> predictions, IReadOnlyList<Tensor?> met, long pairs, Concentration concentration) =>
        concentration.Scale(ViewSums.OfProducts(predictions, met, (prediction, targets) => (prediction * targets).sum(1)), -1.0 / pairs);
}
