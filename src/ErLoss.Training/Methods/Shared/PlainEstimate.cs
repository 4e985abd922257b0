using ErLoss.Modules;
using static TorchSharp.torch;

namespace ErLoss.Training.Methods;

/// <summary>The lower bound on the mutual information of two views' projections on the sphere, whatever estimate of the entropy is trained with.</summary>
/// <remarks>
/// Only the plain estimate of the entropy, in which the own kernel of each row counts, makes a bound of entropy − reconstruction. Without the own kernels the estimate is of a cross-entropy,
/// which is at least the entropy, so that the difference can exceed the information that there is.
/// </remarks>
internal static class PlainEstimate
{
    /// <summary>The plain estimate of the entropy, less the reconstruction of the same two tensors.</summary>
    /// <param name="loss">The loss that gave the terms.</param>
    /// <param name="terms">What it gave.</param>
    /// <param name="projection1">(k, d): the first view's projections, which the terms are of.</param>
    /// <param name="projection2">(k, d): the second view's.</param>
    /// <returns>A scalar in nats; the terms' own where that is a bound already, else one without gradient.</returns>
    public static Tensor Bound(EntropyReconstructionLoss loss, EntropyReconstructionTerms terms, Tensor projection1, Tensor projection2)
    {
        if (!loss.Options.LeaveOneOut)
        {
            return terms.MutualInformationBound;
        }
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var plain = new EntropyReconstructionLoss(loss.Options with { LeaveOneOut = false });
        return plain.terms(projection1, projection2).MutualInformationBound.MoveToOuterDisposeScope();
    }
}
