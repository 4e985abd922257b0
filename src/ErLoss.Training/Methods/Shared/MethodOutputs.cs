using static TorchSharp.torch;

namespace ErLoss.Training.Methods;

/// <summary>What a method's head makes of features, for the indicators of collapse.</summary>
/// <param name="Embeddings">(k, d), unit rows: what the loss compares, or what its prototypes are compared with.</param>
/// <param name="Probabilities">(k, classes), rows that sum to one, of a method with a discrete head; null of others.</param>
internal sealed record MethodOutputs(Tensor Embeddings, Tensor? Probabilities = null);
