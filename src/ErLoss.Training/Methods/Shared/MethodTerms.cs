using ErLoss.Modules;
using static TorchSharp.torch;

namespace ErLoss.Training.Methods;

/// <summary>What a method makes of a batch: scalars, in nats. Only <see cref="Loss"/> need carry gradient.</summary>
/// <param name="Loss">What training minimises, whatever the objective.</param>
/// <param name="Entropy">Entropy of the projections.</param>
/// <param name="Reconstruction">Reconstruction error between the two views' projections.</param>
/// <param name="MutualInformationBound">
/// The plain estimate of the entropy less the reconstruction, a lower bound on the mutual information as the batch estimates it. Unless own kernels are left out of
/// <paramref name="Entropy"/>, that is the plain estimate.
/// </param>
internal sealed record MethodTerms(Tensor Loss, Tensor Entropy, Tensor Reconstruction, Tensor MutualInformationBound)
{
    /// <summary>The terms that the library's loss gives.</summary>
    /// <param name="terms">Of the batch.</param>
    /// <param name="native">The method's own loss where it trains with another one than the library's loss.</param>
    public MethodTerms(EntropyReconstructionTerms terms, Tensor? native = null)
        : this(native ?? terms.Loss, terms.Entropy, terms.Reconstruction, terms.MutualInformationBound)
    {
    }

    /// <summary>Lets the terms outlive the dispose scope they were made in.</summary>
    public MethodTerms MoveToOuterDisposeScope()
    {
        Loss.MoveToOuterDisposeScope();
        Entropy.MoveToOuterDisposeScope();
        Reconstruction.MoveToOuterDisposeScope();
        MutualInformationBound.MoveToOuterDisposeScope();
        return this;
    }
}
