using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>What a rank's rows and other rows of the global batch weigh as centres, and where kernels are left out.</summary>
/// <param name="OfRows">(n) in float64, the largest of the batch about one; null where each is one.</param>
/// <param name="OfOthers">(m), likewise.</param>
/// <param name="RowIds">Ids of the rows, (n); null where there are none.</param>
/// <param name="OtherIds">Ids of the others, (m). Rows of one id are no centres for each other.</param>
/// <param name="OwnStart">The place that the first of the rows has among the others; null where they are not among them.</param>
internal sealed record RemoteWeights(Tensor? OfRows, Tensor? OfOthers, Tensor? RowIds, Tensor? OtherIds, long? OwnStart);
