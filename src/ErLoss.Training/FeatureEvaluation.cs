using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>
/// What an encoder's features of the images come to: which classes kNN takes the test images for, and what the report shows of some of them. It is small enough to be kept while training goes on,
/// so that features are computed once and not again for the report.
/// </summary>
internal sealed record FeatureEvaluation
{
    /// <summary>The most test images that have neighbours here, the most neighbours of each, and the most test images whose features are here.</summary>
    private const int MostQueries = 8, MostNeighbours = 6, MostMapped = 1000;

    private static readonly double s_golden = (Math.Sqrt(5) - 1) / 2;

    private readonly float[] _mappedFeatures;

    /// <summary>Evaluates features.</summary>
    /// <param name="train">Features (n, d) of training images, finite, with their labels (n) and their indices in their set (n).</param>
    /// <param name="test">Those of test images, likewise.</param>
    /// <param name="classCount">Number of classes; 0 if no accuracy can be measured, and then the labels are not used.</param>
    /// <param name="trainsProbe">Whether a linear probe is trained: the labels are used, and there are two training images at least.</param>
    /// <param name="group">Ranks that classify a part of the test images each; all have the same features. Null if one process does it all.</param>
    /// <param name="cancellation">Heeded between batches, and between iterations of the linear probe.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public FeatureEvaluation(
        (Tensor Features, Tensor Labels, Tensor Indices) train,
        (Tensor Features, Tensor Labels, Tensor Indices) test,
        int classCount,
        bool trainsProbe,
        ProcessGroup? group,
        CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        int tested = (int)test.Features.shape[0];
        (_, Tensor nearest) = NearestNeighbours.Find(
            train.Features, test.Features.narrow(0, 0, Math.Min(MostQueries, tested)), (int)Math.Min(MostNeighbours, train.Features.shape[0]));
        Queries = Numbers(test.Indices.narrow(0, 0, nearest.shape[0]));
        Neighbours = [.. Numbers(train.Indices.index_select(0, nearest.flatten())).Chunk((int)nearest.shape[1])];
        Tensor spread = tensor(Spread(tested, MostMapped), device: test.Features.device), mapped = test.Features.index_select(0, spread).to(ScalarType.Float32).cpu();
        Mapped = Numbers(test.Indices.index_select(0, spread));
        (_mappedFeatures, FeatureDimension) = (mapped.contiguous().data<float>().ToArray(), (int)mapped.shape[1]);
        if (classCount > 0)
        {
            Tensor predictions = Predict((train.Features, train.Labels), test.Features, classCount, group, cancellation);
            Confusion = new ConfusionMatrix(test.Labels, predictions, classCount);
            MappedPredictions = Numbers(predictions.index_select(0, spread));
        }
        if (trainsProbe)
        {
            LinearProbeAccuracy = RankCancellation.Together<double?>(
                group,
                () => group is null or { Rank: 0 } ? LinearProbe.Evaluate(train.Features, train.Labels, test.Features, test.Labels, classCount, cancellation: cancellation).TestAccuracy : null,
                cancellation);
        }
    }

    /// <summary>Which classes kNN takes images for, (m), int64.</summary>
    /// <param name="train">Features (n, d) of the images that vote, finite, with their labels (n).</param>
    /// <param name="features">Those of the images, (m, d).</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="group">Ranks that classify a part of the images each; all have the same features. Null if one process does it all.</param>
    /// <param name="cancellation">Heeded between batches.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Tensor Predict((Tensor Features, Tensor Labels) train, Tensor features, int classCount, ProcessGroup? group, CancellationToken cancellation)
    {
        if (group is null)
        {
            return NearestNeighbours.Predict(train.Features, train.Labels, features, classCount, cancellation);
        }
        var share = Share.Of(features.shape[0], group);
        return group.AllGather(RankCancellation.Together(
            group,
            () => share.Count == 0
                ? empty(0, dtype: ScalarType.Int64, device: features.device)
                : NearestNeighbours.Predict(train.Features, train.Labels, share.Part(features), classCount, cancellation),
            cancellation));
    }

    /// <summary>Which classes kNN takes the test images with labels for; null if no accuracy can be measured.</summary>
    public ConfusionMatrix? Confusion { get; }

    /// <summary>Accuracy of a linear probe on the test images; null if none was trained, and on ranks other than 0, which would only train the same one.</summary>
    public double? LinearProbeAccuracy { get; }

    /// <summary>Indices of the first test images.</summary>
    public long[] Queries { get; }

    /// <summary>For each of <see cref="Queries"/>, the indices of the training images whose features are nearest, nearest first: of those that vote, or of all if none has a label.</summary>
    public long[][] Neighbours { get; }

    /// <summary>Indices of up to 1,000 test images from all over the set, in order.</summary>
    public long[] Mapped { get; }

    /// <summary>What kNN takes <see cref="Mapped"/> for; empty if no accuracy can be measured.</summary>
    public long[] MappedPredictions { get; } = [];

    /// <summary>Length of a feature vector.</summary>
    public int FeatureDimension { get; }

    /// <summary>The features of <see cref="Mapped"/>, (m, d) float32, on the CPU.</summary>
    public Tensor MappedFeatures() => tensor(_mappedFeatures, device: CPU).view(-1, FeatureDimension);

    /// <summary>
    /// At most so many of the numbers below a count: one of each of as many equal parts, at a place within its part that goes on by the golden ratio, so that no period of the order of images
    /// is met. Sets of files often have their classes one after another, or in turns.
    /// </summary>
    internal static long[] Spread(int count, int most)
    {
        int parts = Math.Min(count, most);
        return [.. Enumerable.Range(0, parts).Select(part =>
        {
            long first = (long)part * count / parts, next = (part + 1L) * count / parts;
            return first + (long)((next - first) * (part * s_golden % 1));
        })];
    }

    private static long[] Numbers(Tensor values)
    {
        using Tensor onHost = values.cpu().contiguous();
        return onHost.data<long>().ToArray();
    }
}
