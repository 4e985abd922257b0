using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>What centres weigh, and for which rows they are none.</summary>
/// <param name="Weights">(m) in float64, the largest about one; null where each is one.</param>
/// <param name="Ids">(m); null where they are centres for every row.</param>
/// <param name="RowIds">Ids of the rows, (n). A centre is none for the rows of its id.</param>
/// <param name="AreRows">Whether the centres are the rows themselves, of which each is none for itself.</param>
internal readonly record struct KernelCenters(Tensor? Weights, Tensor? Ids, Tensor? RowIds, bool AreRows);
