using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Reconstruction on the sphere: the other view's projection is the mean direction of a von Mises–Fisher density.</summary>
internal static class VonMisesFisherReconstruction
{
    /// <summary>The reconstruction error without its constant, R + log C_d(κ) = −(1/k) Σ_i κ·z1_i·z2_i: a scalar.</summary>
    public static Tensor Relative(Tensor embeddings1, Tensor embeddings2, Concentration concentration) =>
        -concentration.Scale((embeddings1 * embeddings2).sum() / embeddings1.shape[0]);
}
