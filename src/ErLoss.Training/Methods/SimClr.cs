using ErLoss.Modules;
using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Distributed;
using ErLoss.Training.Settings;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>
/// SimCLR (Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", ICML 2020): two identical branches.
/// </summary>
/// <remarks>
/// Native, it trains with NT-Xent at temperature 1/κ, which is what κ is in a contrastive loss; with ER it maximises both
/// views' entropies on the sphere and reconstructs each from the other.
/// </remarks>
internal sealed class SimClr : TwoViewMethod
{
    private readonly Encoder encoder;
    private readonly Module<Tensor, Tensor> projector;
    private readonly EntropyReconstructionLoss entropyReconstruction;
    private readonly ProjectionQueue? queue;
    private readonly EntropyReconstructionLoss? globalContrast; // of the batch of all ranks, where there are several
    private readonly Objective _objective;
    private readonly ProcessGroup? _group;

    public SimClr(Encoder encoder, SimClrSettings settings, ProcessGroup? group)
        : base(nameof(SimClr))
    {
        this.encoder = encoder;
        projector = Projector.Create(encoder.FeatureDimension, settings.Head);
        entropyReconstruction = new EntropyReconstructionLoss(settings.Loss.Options(settings.LearnKappa && settings.Objective == Objective.Er) with { Group = group });
        queue = settings.Loss.CreateQueue(settings.Objective, settings.Head.ProjectionDimension);
        globalContrast = group is not null && settings.Objective == Objective.Native ? GlobalContrast(settings.Loss.Kappa, group) : null;
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
        return new MethodOutputs(functional.normalize(projector.call(features), dim: 1).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override MethodTerms forward(ViewBatch batch)
    {
        using var scope = NewDisposeScope();
        Tensor[] projections = projector.call(encoder.call(cat([batch.View1, batch.View2]))).chunk(2);
        Tensor? native = _objective == Objective.Native
            ? NormalizedTemperatureCrossEntropy(projections, batch)
            : null;
        using var frozen = native is null ? null : no_grad();
        EntropyReconstructionTerms terms = entropyReconstruction.terms(new ProjectedViews(projections)
        {
            Ids = queue is null ? null : batch.Indices,
            Centers = queue is null ? [] : [queue.centers()],
        });
        if (training)
        {
            queue?.enqueue(AcrossRanks.Gather(_group, projections[0]), AcrossRanks.Gather(_group, batch.Indices)); // of one view: the other lies close to it and says little more about the density
        }
        return new MethodTerms(terms, native).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The loss whose value is NT-Xent of the batch of all ranks, but for a constant: with the other view of an image as its partner, the reconstruction is the cosine of the two over the temperature, and the entropy, by Joe's estimate
    /// without the own kernels, the mean logarithm of the sum over all others.
    /// </summary>
    private static EntropyReconstructionLoss GlobalContrast(double kappa, ProcessGroup group) =>
        new(new EntropyReconstructionOptions { Kappa = kappa, Estimator = EntropyEstimator.Joe, LeaveOneOut = true, Group = group });

    private Tensor NormalizedTemperatureCrossEntropy(Tensor[] projections, ViewBatch batch)
    {
        if (globalContrast is null)
        {
            return NormalizedTemperatureCrossEntropy(projections[0], projections[1], 1 / entropyReconstruction.Kappa);
        }
        // An image is in a batch once, so that its number tells it from the others. The estimate has the mean over all others instead of the sum.
        EntropyReconstructionTerms terms = globalContrast.terms(new ProjectedViews(cat(projections)) { Labels = cat([batch.Indices, batch.Indices]) });
        return terms.Loss + Math.Log(2 * batch.Total - 1);
    }

    /// <inheritdoc/>
    public override string? Fault() =>
        entropyReconstruction is { Options.LearnKappa: true, Kappa: var kappa and not (>= SphereLossSettings.LeastKappa and <= SphereLossSettings.MostKappa) }
            ? $"the learnt kappa has become {kappa:g3}, which is not from {SphereLossSettings.LeastKappa:0e0} to {SphereLossSettings.MostKappa:0e0}"
            : null;

    /// <summary>
    /// NT-Xent (equation 1 of the paper): for each of the 2k projections the cross-entropy of picking its other view among the
    /// 2k − 1 others, by cosine over temperature.
    /// </summary>
    /// <param name="projection1">(k, d).</param>
    /// <param name="projection2">(k, d).</param>
    /// <param name="temperature">Positive.</param>
    /// <returns>A scalar, in nats.</returns>
    internal static Tensor NormalizedTemperatureCrossEntropy(Tensor projection1, Tensor projection2, double temperature)
    {
        using var scope = NewDisposeScope();
        long count = projection1.shape[0];
        Tensor directions = functional.normalize(cat([projection1, projection2]), dim: 1);
        Tensor logits = directions.mm(directions.t()) / temperature;
        logits.diagonal().fill_(double.NegativeInfinity);
        Tensor otherView = arange(2 * count, dtype: ScalarType.Int64, device: directions.device).roll(count);
        return functional.cross_entropy(logits, otherView).MoveToOuterDisposeScope();
    }
}

/// <summary>Of <see cref="SimClr"/>.</summary>
internal sealed record SimClrSettings : MethodSettings
{
    private static readonly Dictionary<Objective, PublishedStability> s_stability = new()
    {
        [Objective.Native] = new(70.23, 2.17, null),
        [Objective.Er] = new(70.86, 1.01, null),
    };

    private static readonly Dictionary<string, Preset> s_presets = new()
    {
        ["simclr-paper"] = new Preset(
            "google-research/simclr, README, CIFAR-10 (Chen et al., ICML 2020)",
            [Preset.Views, "crops, whose area is uniform from 8 % on instead of their height from 10 % on", "the projector, which has two layers instead of three", "an offset in the projector's last batch normalisation"],
            ("encoder", "resnet18"),
            ("epochs", "1000"),
            ("warmup_epochs", "10"),
            ("batch_size", "512"),
            ("optimizer", "lars"),
            ("learning_rate", "2"),
            ("weight_decay", "1e-4"),
            ("kappa", "2"),
            ("hidden_dimension", "512"),
            ("projection_dimension", "128"),
            ("output_norm", "true")).With(Preset.SimClrViews),
        ["solo-learn"] = Preset.SoloLearn("simclr.yaml", 0.4, 1e-4, 2048, 256).With([.. Preset.SymmetricViews, ("kappa", "5"), ("hidden_norm", "false")]),
        ["lightly"] = Preset.Lightly(512, 128, Preset.NoDecay).With([.. Preset.SimClrViews, ("kappa", "2"), ("output_norm", "true")]),
    };

    /// <summary>The entropy–reconstruction loss, and κ of the native loss.</summary>
    public SphereLossSettings Loss { get; init; } = new();

    /// <summary>Whether κ is learnt.</summary>
    [Setting("Train kappa together with the weights. The own kernels are kept then.", GoesWith = "objective er")]
    public bool LearnKappa { get; init; } = EntropyReconstructionOptions.DefaultLearnKappa;

    /// <summary>The projector.</summary>
    public HeadSettings Head { get; init; } = new();

    /// <inheritdoc/>
    public override string Title => "SimCLR";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<Objective, PublishedStability> Stability => s_stability;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Preset> Presets => s_presets;

    /// <inheritdoc/>
    public override IEnumerable<Conflict> Conflicts() => LearnKappa && Objective == Objective.Er && Loss.KeepOwn is false
        ? [new($"{nameof(Loss)}.{nameof(Loss.KeepOwn)}", "is false, but the own kernels are always kept where kappa is learnt; leave one of the two out")]
        : [];

    /// <inheritdoc/>
    public override TwoViewMethod Create(Func<Encoder> makeEncoder, int images, ProcessGroup? group = null) => new SimClr(makeEncoder(), this, group);
}
