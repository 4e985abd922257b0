using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The loss and the terms it is made of, in nats: scalars, or with <see cref="EntropyReconstructionOptions.Reduction"/> of None a value for each example, (k). Disposing it disposes them.
/// </summary>
/// <remarks>
/// All are differentiable, except <see cref="MutualInformationBound"/> with <see cref="EntropyReconstructionOptions.LeaveOneOut"/>. In float32 an entropy or a reconstruction on the sphere is
/// rounded together with log C_d(κ), to 2e-4 at d = 2,048 and to 0.02 at d = 65,536. <see cref="MutualInformationBound"/> and a
/// <see cref="Loss"/> of equal weights do not contain that constant and keep their precision.
/// </remarks>
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

    /// <summary>
    /// The estimated entropy of the projections, Ĥ(Z), as the settings ask for it. With <see cref="EntropyReconstructionOptions.LeaveOneOut"/> it
    /// estimates the cross-entropy of the rows with the density of the others, which is at least the entropy.
    /// </summary>
    public Tensor Entropy { get; }

    /// <summary>The reconstruction error −E[log q(Z2 | Z1)]: how many nats it takes to specify one projection when the other is known.</summary>
    public Tensor Reconstruction { get; }

    /// <summary>
    /// The lower bound on the mutual information of the two views' projections,
    /// I(Z1; Z2) ≥ Ĥ − reconstruction, without weights. Normalisers cancel in it. Ĥ is the plain estimate, in which every row keeps its own kernel.
    /// </summary>
    /// <remarks>
    /// <para>
    /// It is a bound for equal views of unit rows, at every batch size; of many views it is the mean of the bounds of their pairs. With given targets it is one only where
    /// the projections have the law of the targets, because Ĥ is the projections' entropy and the reconstruction specifies the targets: a collapsed teacher
    /// beside a spread student gives a large number where there is no information. With a <see cref="EntropyReconstructionOptions.ReconstructionKappa"/> it is one only for the true entropy,
    /// not for its estimate.
    /// </para>
    /// <para>
    /// With <see cref="EntropyReconstructionOptions.LeaveOneOut"/> it is therefore not <see cref="Entropy"/> − <see cref="Reconstruction"/>, which is no
    /// lower bound. It then comes from the same sums over pairs, with each row's own kernel added, and carries no gradient. It cannot exceed log k.
    /// </para>
    /// </remarks>
    public Tensor MutualInformationBound { get; }

    /// <summary>The four terms in the order of the properties, as in <c>var (loss, entropy, reconstruction, bound) = terms</c>. They stay this object's to dispose.</summary>
    /// <param name="loss"><see cref="Loss"/>.</param>
    /// <param name="entropy"><see cref="Entropy"/>.</param>
    /// <param name="reconstruction"><see cref="Reconstruction"/>.</param>
    /// <param name="bound"><see cref="MutualInformationBound"/>.</param>
    public void Deconstruct(out Tensor loss, out Tensor entropy, out Tensor reconstruction, out Tensor bound) =>
        (loss, entropy, reconstruction, bound) = (Loss, Entropy, Reconstruction, MutualInformationBound);

    /// <inheritdoc/>
    public void Dispose()
    {
        Loss.Dispose();
        Entropy.Dispose();
        Reconstruction.Dispose();
        MutualInformationBound.Dispose();
    }
}
