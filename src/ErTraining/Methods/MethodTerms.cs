using static TorchSharp.torch;

namespace ErTraining.Methods;

/// <summary>What a method makes of a batch: scalars, in nats. Only <see cref="Loss"/> need carry gradient.</summary>
/// <param name="Loss">What training minimises, whatever the objective.</param>
/// <param name="Entropy">Entropy of the projections.</param>
/// <param name="Reconstruction">Reconstruction error between the two views' projections.</param>
/// <param name="MutualInformationBound">Entropy less reconstruction.</param>
internal sealed record MethodTerms(Tensor Loss, Tensor Entropy, Tensor Reconstruction, Tensor MutualInformationBound);
