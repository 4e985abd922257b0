using static TorchSharp.torch;

namespace ErLoss.Training.Methods;

/// <summary>What a method is given at a step: of several ranks, each is given its share of the batch.</summary>
/// <param name="View1">(k, 3, 32, 32) float32, a view of each image.</param>
/// <param name="View2">(k, 3, 32, 32) float32, another view of each.</param>
/// <param name="Indices">(k) int64: which of the training images they are.</param>
/// <param name="SmallCrops">(n·k, 3, h, w) float32, small crops of each image: the first of each, then the second of each, and so on. Null if there are none.</param>
internal sealed record ViewBatch(Tensor View1, Tensor View2, Tensor Indices, Tensor? SmallCrops = null)
{
    /// <summary>Number of images that all ranks have together: K, of which k are here.</summary>
    public long Total { get; init; } = View1.shape[0];
}
