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
    /// <summary>The terms of a method whose entropy and reconstruction are not of the same pair of tensors.</summary>
    /// <param name="entropy">A scalar.</param>
    /// <param name="reconstruction">A scalar.</param>
    /// <param name="entropyWeight">Weight of the entropy in the ER loss.</param>
    /// <param name="native">The method's own loss where it trains with that; the ER loss is used if null.</param>
    /// <param name="plainEntropy">The plain estimate of the entropy, for the bound; <paramref name="entropy"/> itself is that if null.</param>
    public static MethodTerms Create(Tensor entropy, Tensor reconstruction, double entropyWeight, Tensor? native, Tensor? plainEntropy = null) =>
        new(native ?? reconstruction - entropyWeight * entropy, entropy, reconstruction, (plainEntropy ?? entropy) - reconstruction);

    /// <summary>Lets the terms outlive the dispose scope they were made in.</summary>
    public MethodTerms MoveToOuterDisposeScope()
    {
        if (!ReferenceEquals(Loss, Reconstruction)) // a native loss may be the reconstruction itself, which must not move twice
        {
            Loss.MoveToOuterDisposeScope();
        }
        Entropy.MoveToOuterDisposeScope();
        Reconstruction.MoveToOuterDisposeScope();
        MutualInformationBound.MoveToOuterDisposeScope();
        return this;
    }
}
