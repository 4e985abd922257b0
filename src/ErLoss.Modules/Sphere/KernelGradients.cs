using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Gradients of a function of the kernel sums of a batch; null where they are not wanted.</summary>
/// <param name="Rows">In the batch's rows, (k, d).</param>
/// <param name="Centers">In the further centres, (m, d).</param>
/// <param name="Kappa">In κ, a scalar.</param>
internal readonly record struct KernelGradients(Tensor? Rows, Tensor? Centers, Tensor? Kappa);
