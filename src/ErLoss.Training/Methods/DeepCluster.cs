using ErLoss.Modules;
using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Randomness;
using ErLoss.Training.Settings;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>
/// DeepCluster (Caron et al., "Deep Clustering for Unsupervised Learning of Visual Features", ECCV 2018): k-means over the training images'
/// features before each epoch, whose clusters are the classes that both views are then trained to tell.
/// </summary>
/// <remarks>
/// Features are whitened and normalised before they are clustered, as in the paper; the classifier is the clusters' mean projections, as in the second
/// version (Caron et al., NeurIPS 2020, appendix), so that no layer has to be learnt anew each epoch. Native, images are drawn evenly from the clusters; with ER each image is visited once and the
/// entropy of the predictions' batch marginals takes the sampling's place.
/// </remarks>
internal sealed class DeepCluster : TwoViewMethod
{
    private static readonly Scalar s_none = double.NegativeInfinity; // kept, as TorchSharp may free a number's conversion before native code reads it

    private const int Iterations = 10, PrincipalComponents = 64;
    private const double Temperature = 0.1;

    private readonly Encoder encoder;
    private readonly Module<Tensor, Tensor> projector;
    private readonly Tensor centroids, assignments;
    private readonly EntropyReconstructionLoss entropyReconstruction;
    private readonly Objective _objective;
    private readonly ProcessGroup? _group;

    public DeepCluster(Encoder encoder, DeepClusterSettings settings, int images, ProcessGroup? group)
        : base(nameof(DeepCluster))
    {
        int dimension = settings.Head.ProjectionDimension, count = Math.Min(settings.Head.Prototypes, images);
        this.encoder = encoder;
        projector = Projector.Create(encoder.FeatureDimension, settings.Head);
        centroids = zeros(count, dimension, device: CPU).DetachFromDisposeScope();
        assignments = zeros(images, dtype: ScalarType.Int64, device: CPU).DetachFromDisposeScope();
        entropyReconstruction = new EntropyReconstructionLoss(settings.Loss.Options(settings.Objective) with { Group = group });
        _objective = settings.Objective;
        _group = group;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Encoder Encoder => encoder;

    /// <inheritdoc/>
    public override MethodOutputs Project(Tensor features)
    {
        using var scope = NewDisposeScope();
        Tensor embeddings = Embed(features);
        return new MethodOutputs(
            embeddings.MoveToOuterDisposeScope(), functional.softmax(Logits(embeddings), 1).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override void BeginEpoch(Func<Tensor> features, RandomStream random)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor ofImages = features();
        if (_group is null or { Rank: 0 })
        {
            Cluster(ofImages, random);
        }
        // Ranks may round differently, and one image in another cluster is enough to part them.
        _group?.Broadcast(centroids);
        _group?.Broadcast(assignments);
    }

    /// <summary>Clusters images by their features.</summary>
    private void Cluster(Tensor ofImages, RandomStream random)
    {
        bool wasTraining = training;
        eval();
        Tensor embeddings = Embed(ofImages);
        train(wasTraining);
        Tensor whitened = functional.normalize(Whitening.Apply(ofImages, PrincipalComponents), dim: 1);
        (_, Tensor clusters) = SphericalKMeans.Fit(whitened, (int)centroids.shape[0], Iterations, random);
        centroids.copy_(functional.normalize(zeros_like(centroids).index_add_(0, clusters, embeddings, 1), dim: 1));
        assignments.copy_(clusters);
    }

    /// <inheritdoc/>
    public override long[] Order(int count, RandomStream random)
    {
        if (_objective == Objective.Er)
        {
            return base.Order(count, random);
        }
        using Tensor onHost = assignments.cpu();
        return EvenOrder(onHost.data<long>().ToArray(), count, random);
    }

    /// <inheritdoc/>
    public override MethodTerms forward(ViewBatch batch)
    {
        using var scope = NewDisposeScope();
        Tensor embeddings = Embed(encoder.call(cat([batch.View1, batch.View2])));
        Tensor logits = Logits(embeddings);
        Tensor targets = assignments.index_select(0, batch.Indices);
        return new MethodTerms(entropyReconstruction.terms(new ProjectedViews(logits.chunk(2)) { Target = targets })).MoveToOuterDisposeScope();
    }

    /// <summary>Visits that draw a cluster evenly among those that are not empty, and an image evenly from it.</summary>
    /// <param name="assignments">The cluster of each image.</param>
    /// <param name="count">Number of visits.</param>
    /// <param name="random">Where the draws come from.</param>
    internal static long[] EvenOrder(long[] assignments, int count, RandomStream random)
    {
        long[][] clusters = [.. assignments.Index().GroupBy(image => image.Item, image => (long)image.Index).OrderBy(c => c.Key).Select(c => c.ToArray())];
        var order = new long[count];
        for (int i = 0; i < count; i++)
        {
            long[] cluster = clusters[random.Next(clusters.Length)];
            order[i] = cluster[random.Next(cluster.Length)];
        }
        return order;
    }

    private Tensor Embed(Tensor features) => functional.normalize(projector.call(features), dim: 1);

    /// <summary>Cosines with the clusters' centroids over the temperature; −∞ of a cluster that has no images, which is no class.</summary>
    private Tensor Logits(Tensor embeddings)
    {
        using var scope = NewDisposeScope();
        Tensor isEmpty = centroids.eq(0).all(1);
        Tensor excluded = isEmpty.logical_and(isEmpty.logical_not().any()); // before the first clustering all are empty, and none is excluded
        return (embeddings.mm(centroids.t()) / Temperature).masked_fill(excluded, s_none).MoveToOuterDisposeScope();
    }
}

/// <summary>Of <see cref="DeepCluster"/>.</summary>
internal sealed record DeepClusterSettings : DiscreteMethodSettings
{
    private static readonly Dictionary<string, Preset> s_presets = new()
    {
        ["solo-learn"] = Preset.SoloLearn("deepclusterv2.yaml", 0.6, 1e-6, 2048, 128, "one head instead of three", "features clustered anew instead of kept in a memory bank")
            .With([.. Preset.SymmetricViews, ("warmup_epochs", "11"), ("prototypes", "3000")]),
    };

    /// <summary>Projector and clusters. There are never more clusters than training images.</summary>
    public DiscreteHeadSettings Head { get; init; } = new();

    /// <inheritdoc/>
    public override string Title => "DeepCluster";

    /// <inheritdoc/>
    /// <remarks>Joe's estimate is a mean over classes, and has no value where a class is never predicted, as a cluster without images is.</remarks>
    public override IEnumerable<Conflict> Conflicts() => Loss.Estimator == EntropyEstimator.Joe
        ? [new($"{nameof(Loss)}.{nameof(Loss.Estimator)}", "is joe, which has no value where a cluster has no images; plugin is wanted")]
        : [];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Preset> Presets => s_presets;

    /// <inheritdoc/>
    public override TwoViewMethod Create(Func<Encoder> makeEncoder, int images, ProcessGroup? group = null) => new DeepCluster(makeEncoder(), this, images, group);
}
