using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>
/// Weighted k-nearest-neighbour accuracy of an encoder's features (Wu et al., "Unsupervised Feature Learning via Non-Parametric
/// Instance Discrimination", CVPR 2018): each of the k nearest training images by cosine votes for its class with weight exp(cos/0.1).
/// </summary>
public static class NearestNeighbours
{
    private const int MostNeighbours = 200, BatchSize = 512;
    private const double Temperature = 0.1;

    /// <summary>Neighbours that vote among <paramref name="trainCount"/> images: min(200, n/10), one at least.</summary>
    public static int NeighbourCount(long trainCount) => (int)Math.Clamp(trainCount / 10, 1, MostNeighbours);

    /// <summary>The fraction of test images whose class wins the vote.</summary>
    /// <param name="trainFeatures">(n, d), of the images that vote.</param>
    /// <param name="trainLabels">(n), int64 in 0..<paramref name="classCount"/> − 1.</param>
    /// <param name="testFeatures">(m, d), of the images that are classified.</param>
    /// <param name="testLabels">(m), likewise.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="cancellation">Heeded between batches of test images.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static double Accuracy(
        Tensor trainFeatures, Tensor trainLabels, Tensor testFeatures, Tensor testLabels, int classCount, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        int neighbours = NeighbourCount(trainFeatures.shape[0]);
        long correct = 0;
        for (long start = 0; start < testFeatures.shape[0]; start += BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var batchScope = NewDisposeScope();
            long count = Math.Min(BatchSize, testFeatures.shape[0] - start);
            (Tensor cosines, Tensor indices) = Find(trainFeatures, testFeatures.narrow(0, start, count), neighbours);
            Tensor votes = zeros(count, classCount, device: cosines.device)
                .scatter_add_(1, trainLabels.index_select(0, indices.flatten()).view(indices.shape), (cosines / Temperature).exp());
            correct += votes.argmax(1).eq(testLabels.narrow(0, start, count)).sum().item<long>();
        }
        return (double)correct / testFeatures.shape[0];
    }

    /// <summary>The nearest training images by cosine, nearest first.</summary>
    /// <param name="trainFeatures">(n, d).</param>
    /// <param name="queries">(q, d).</param>
    /// <param name="count">How many; n at most.</param>
    /// <returns>Cosines and the training images' indices, (q, <paramref name="count"/>) each.</returns>
    public static (Tensor Cosines, Tensor Indices) Find(Tensor trainFeatures, Tensor queries, int count)
    {
        using var scope = NewDisposeScope();
        (Tensor cosines, Tensor indices) =
            nn.functional.normalize(queries, dim: 1).mm(nn.functional.normalize(trainFeatures, dim: 1).t()).topk(count, dim: 1);
        return (cosines.MoveToOuterDisposeScope(), indices.MoveToOuterDisposeScope());
    }
}
