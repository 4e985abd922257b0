using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The loss and the terms it is made of: scalars in nats, all of them differentiable. Disposing it disposes them.</summary>
public sealed class EntropyReconstructionTerms : IDisposable
{
    internal EntropyReconstructionTerms(Tensor loss, Tensor entropy, Tensor reconstruction, Tensor mutualInformationBound)
    {
        Loss = loss;
        Entropy = entropy;
        Reconstruction = reconstruction;
        MutualInformationBound = mutualInformationBound;
    }

    /// <summary>ReconstructionWeight·<see cref="Reconstruction"/> − EntropyWeight·<see cref="Entropy"/>; what training minimises.</summary>
    public Tensor Loss { get; }

    /// <summary>The estimated entropy of the projections, Ĥ(Z).</summary>
    public Tensor Entropy { get; }

    /// <summary>The reconstruction error −E[log q(Z2 | Z1)]: how many nats it takes to specify one projection when the other is known.</summary>
    public Tensor Reconstruction { get; }

    /// <summary>
    /// The lower bound on the mutual information of the two views' projections,
    /// I(Z1; Z2) ≥ Ĥ − reconstruction, without weights. Normalisers cancel in it.
    /// </summary>
    public Tensor MutualInformationBound { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Loss.Dispose();
        Entropy.Dispose();
        Reconstruction.Dispose();
        MutualInformationBound.Dispose();
    }
}
