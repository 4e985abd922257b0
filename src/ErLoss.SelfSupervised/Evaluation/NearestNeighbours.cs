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

    /// <summary>The number of neighbours that vote among n = <paramref name="trainCount"/> images: min(200, n/10), but at least 1.</summary>
    public static int NeighbourCount(long trainCount) => (int)Math.Clamp(trainCount / 10, 1, MostNeighbours);

    /// <summary>The fraction of test images whose class wins the vote.</summary>
    /// <param name="trainFeatures">(n, d), finite, of the images that vote. Their lengths do not matter.</param>
    /// <param name="trainLabels">(n), int64 in 0..<paramref name="classCount"/> − 1.</param>
    /// <param name="testFeatures">(m, d), finite, of the images that are classified, of the same type and on the same device.</param>
    /// <param name="testLabels">(m), int64 in the same range.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="cancellation">Checked between batches of test images.</param>
    /// <exception cref="ArgumentException">Features or labels are not as said above.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static double Accuracy(
        Tensor trainFeatures, Tensor trainLabels, Tensor testFeatures, Tensor testLabels, int classCount, CancellationToken cancellation = default)
    {
        CheckSets(trainFeatures, trainLabels, testFeatures, classCount);
        Arguments.CheckLabels(testLabels, testFeatures, classCount);
        using var scope = NewDisposeScope();
        return Vote(trainFeatures, trainLabels, testFeatures, classCount, cancellation).eq(testLabels).sum().item<long>() / (double)testFeatures.shape[0];
    }

    /// <summary>The class that wins the vote for each test image.</summary>
    /// <param name="trainFeatures">(n, d), finite, of the images that vote. Their lengths do not matter.</param>
    /// <param name="trainLabels">(n), int64 in 0..<paramref name="classCount"/> − 1.</param>
    /// <param name="testFeatures">(m, d), finite, of the images that are classified, of the same type and on the same device.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="cancellation">Checked between batches of test images.</param>
    /// <returns>(m), int64 in the range of the labels.</returns>
    /// <exception cref="ArgumentException">Features or labels are not as said above.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Tensor Predict(Tensor trainFeatures, Tensor trainLabels, Tensor testFeatures, int classCount, CancellationToken cancellation = default)
    {
        CheckSets(trainFeatures, trainLabels, testFeatures, classCount);
        return Vote(trainFeatures, trainLabels, testFeatures, classCount, cancellation);
    }

    /// <summary>The nearest training images by cosine, nearest first.</summary>
    /// <param name="trainFeatures">(n, d), floating-point and finite.</param>
    /// <param name="queries">(q, d), finite, of the same type and on the same device.</param>
    /// <param name="count">How many neighbours; from 1 to n.</param>
    /// <returns>Cosines, float32 or float64, and the training images' indices, (q, <paramref name="count"/>) each.</returns>
    /// <exception cref="ArgumentException">Features are not as said above.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not from 1 to n.</exception>
    public static (Tensor Cosines, Tensor Indices) Find(Tensor trainFeatures, Tensor queries, int count)
    {
        Arguments.CheckRows(trainFeatures);
        Arguments.CheckRows(queries);
        Arguments.CheckAlike(queries, trainFeatures);
        if (count < 1 || count > trainFeatures.shape[0])
        {
            throw new ArgumentOutOfRangeException(nameof(count), $"The number of neighbours is {count}; 1 to {trainFeatures.shape[0]}, the number of training images, is wanted.");
        }
        Arguments.CheckFinite(trainFeatures);
        Arguments.CheckFinite(queries);
        using var scope = NewDisposeScope();
        (Tensor cosines, Tensor indices) = Nearest(UnitRows.Create(trainFeatures), UnitRows.Create(queries), count);
        return (cosines.MoveToOuterDisposeScope(), indices.MoveToOuterDisposeScope());
    }

    private static void CheckSets(Tensor trainFeatures, Tensor trainLabels, Tensor testFeatures, int classCount)
    {
        Arguments.CheckRows(trainFeatures);
        Arguments.CheckRows(testFeatures);
        Arguments.CheckAlike(testFeatures, trainFeatures);
        Arguments.CheckLabels(trainLabels, trainFeatures, classCount);
        Arguments.CheckFinite(trainFeatures);
        Arguments.CheckFinite(testFeatures);
    }

    private static Tensor Vote(Tensor trainFeatures, Tensor trainLabels, Tensor testFeatures, int classCount, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor train = UnitRows.Create(trainFeatures), test = UnitRows.Create(testFeatures);
        int neighbours = NeighbourCount(trainFeatures.shape[0]);
        var winners = new List<Tensor>();
        for (long start = 0; start < testFeatures.shape[0]; start += BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var batchScope = NewDisposeScope();
            long count = Math.Min(BatchSize, testFeatures.shape[0] - start);
            (Tensor cosines, Tensor indices) = Nearest(train, test.narrow(0, start, count), neighbours);
            Tensor votes = zeros(count, classCount, cosines.dtype, cosines.device)
                .scatter_add_(1, trainLabels.index_select(0, indices.flatten()).view(indices.shape), (cosines / Temperature).exp());
            winners.Add(votes.argmax(1).MoveToOuterDisposeScope());
        }
        return cat(winners).MoveToOuterDisposeScope();
    }

    private static (Tensor Cosines, Tensor Indices) Nearest(Tensor unitRows, Tensor unitQueries, int count) => unitQueries.mm(unitRows.t()).topk(count, dim: 1);
}
