using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The loss and the terms it is made of, in nats: scalars, or (k) values, one for each example, if <see cref="EntropyReconstructionOptions.Reduction"/> is None.
/// Disposing it disposes them.
/// </summary>
/// <remarks>
/// All are differentiable, except <see cref="MutualInformationBound"/> with <see cref="EntropyReconstructionOptions.LeaveOneOut"/>. In float32 an entropy or a
/// reconstruction on the sphere is rounded together with log C_d(κ), to 2e-4 at d = 2,048 and to 0.02 at d = 65,536. With one κ for both terms,
/// <see cref="MutualInformationBound"/> and a <see cref="Loss"/> of equal weights do not contain that constant and keep their precision.
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

    /// <summary>
    /// The reconstruction error −E[log q(target | prediction)], the mean over all pairs of a prediction and a target that meet: how many nats it takes to specify
    /// the target when the prediction is known.
    /// </summary>
    public Tensor Reconstruction { get; }

    /// <summary>
    /// Ĥ − <see cref="Reconstruction"/>, whatever the weights of the two terms are. Of equal views it estimates a lower bound on the mutual information of their
    /// projections, I(Z1; Z2). Ĥ is the plain estimate of the entropy, in which every row keeps its own kernel.
    /// </summary>
    /// <remarks>
    /// <para>
    /// For two equal views of unit rows, its expectation is at most I(Z1; Z2) at every batch size k, and it never exceeds log k. Of many views it is the mean over
    /// their pairs. The same holds with <see cref="ProjectedViews.Ids"/>, and with <see cref="ProjectedViews.Weights"/> and a <see cref="ProjectedViews.Mask"/> that
    /// do not depend on the rows. It holds with m further <see cref="ProjectedViews.Centers"/> as well, with the limit log(k + m), if they have the distribution of
    /// the rows; if not, it is too large by at most log((k + m)/k). With <see cref="ProjectedViews.Labels"/> and as k grows, it is a bound on the information
    /// that two members of a class have in common.
    /// </para>
    /// <para>
    /// With given targets it is a bound only if the projections have the distribution of the targets, because Ĥ is the entropy of the projections and the
    /// reconstruction specifies the targets: a collapsed teacher beside a spread student gives a large number although they share no information. With a
    /// <see cref="EntropyReconstructionOptions.ReconstructionKappa"/>, the true entropy in place of Ĥ would give a bound; the estimate does not. On classes,
    /// <see cref="EntropyEstimator.Joe"/> gives none.
    /// </para>
    /// <para>
    /// With <see cref="EntropyReconstructionOptions.LeaveOneOut"/> it differs from <see cref="Entropy"/> − <see cref="Reconstruction"/>, which is no lower bound. It
    /// then comes from the same sums over pairs, with each row's own kernel added, and carries no gradient.
    /// </para>
    /// </remarks>
    public Tensor MutualInformationBound { get; }

    /// <summary>
    /// The four terms in the order of the properties, as in <c>var (loss, entropy, reconstruction, bound) = terms</c>. They stay this object's to dispose.
    /// </summary>
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
