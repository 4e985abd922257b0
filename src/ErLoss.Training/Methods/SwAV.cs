using ErLoss.Modules;
using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Settings;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>
/// SwAV (Caron et al., "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", NeurIPS 2020): each view predicts
/// the assignment of the other to prototypes. Small crops, if there are some, predict the assignments of both views and are not assigned themselves.
/// </summary>
/// <remarks>
/// Native, assignments share the prototypes out evenly by optimal transport and take no gradient. With ER both views' distributions over prototypes
/// take gradient, reconstruct each other, and the entropy of their batch marginals keeps the prototypes in use. Small crops are further predictions of the two views: they show too little of
/// an image for the views to be predicted from, and to reconstruct a view from its part is what they are for. So the entropy and its estimate are those without them.
/// </remarks>
internal sealed class SwAV : TwoViewMethod
{
    private const double Temperature = 0.1, Epsilon = 0.05;
    private const int SinkhornIterations = 3;

    private readonly Encoder encoder;
    private readonly Module<Tensor, Tensor> projector, prototypes;
    private readonly EntropyReconstructionLoss entropyReconstruction, crossEntropy;
    private readonly Objective _objective;

    public SwAV(Encoder encoder, SwAVSettings settings, ProcessGroup? group)
        : base(nameof(SwAV))
    {
        this.encoder = encoder;
        projector = Projector.Create(encoder.FeatureDimension, settings.Head);
        prototypes = settings.PrototypeLayer == PrototypeLayer.Linear
            ? new LinearPrototypes(settings.Head.ProjectionDimension, settings.Head.Prototypes)
            : new Prototypes(settings.Head.ProjectionDimension, settings.Head.Prototypes);
        entropyReconstruction = new EntropyReconstructionLoss(settings.Loss.Options() with { Group = group });
        crossEntropy = CrossEntropy(group);
        _objective = settings.Objective;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Encoder Encoder => encoder;

    /// <inheritdoc/>
    public override MethodOutputs Project(Tensor features)
    {
        using var scope = NewDisposeScope();
        Tensor embeddings = functional.normalize(projector.call(features), dim: 1);
        Tensor probabilities = functional.softmax(prototypes.call(embeddings) / Temperature, 1);
        return new MethodOutputs(embeddings.MoveToOuterDisposeScope(), probabilities.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override MethodTerms forward(ViewBatch batch)
    {
        using var scope = NewDisposeScope();
        Tensor embeddings = functional.normalize(projector.call(CropFeatures.Compute(encoder, cat([batch.View1, batch.View2]), batch.SmallCrops)), dim: 1);
        Tensor[] scores = prototypes.call(embeddings).chunk(embeddings.shape[0] / batch.View1.shape[0]);
        Tensor? native = _objective == Objective.Native ? SwappedPrediction(crossEntropy, scores) : null;
        using var frozen = native is null ? null : no_grad();
        Tensor[] logits = [.. scores.Select(crop => crop / Temperature)];
        EntropyReconstructionTerms terms = entropyReconstruction.terms(new ProjectedViews(logits[..2]) { Predictions = logits });
        return new MethodTerms(terms, native).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void AfterStep(double progress) => (prototypes as LinearPrototypes)?.Normalize();

    /// <summary>The cross-entropy of assignments and predictions, as a loss of the library.</summary>
    /// <param name="group">The ranks that share a batch, if there are several.</param>
    internal static EntropyReconstructionLoss CrossEntropy(ProcessGroup? group = null) => new(new EntropyReconstructionOptions { Support = Support.Discrete, EntropyWeight = 0, Group = group });

    /// <summary>Each crop's prediction of the assignments of the two views but its own (equations 1 and 2 of the paper, in its form for many crops), the mean over all pairs.</summary>
    /// <param name="crossEntropy">As <see cref="CrossEntropy"/> makes it.</param>
    /// <param name="scores">(k, prototypes) each: what the prototypes make of the embeddings of the two views, and then of small crops.</param>
    /// <returns>A scalar, in nats.</returns>
    internal static Tensor SwappedPrediction(EntropyReconstructionLoss crossEntropy, params Tensor[] scores)
    {
        using var scope = NewDisposeScope();
        Tensor[] codes = crossEntropy.Options.Group is { } group
            ? SinkhornKnopp.Assign(stack(scores[..2]), Epsilon, SinkhornIterations, group).unbind() // both views in the same collectives
            : [.. scores[..2].Select(view => SinkhornKnopp.Assign(view, Epsilon, SinkhornIterations))];
        Tensor[] logits = [.. scores.Select(crop => crop / Temperature)];
        return crossEntropy.terms(new ProjectedViews(logits[..2]) { Predictions = logits, Targets = codes }).Loss.MoveToOuterDisposeScope();
    }
}

/// <summary>Of <see cref="SwAV"/>.</summary>
internal sealed record SwAVSettings : MultiCropMethodSettings
{
    private static readonly Dictionary<string, Preset> s_presets = new()
    {
        ["solo-learn"] = Preset.SoloLearn("swav.yaml", 0.6, 1e-6, 2048, 128, "no queue", "prototypes, which have no gains of their own and are not frozen at first")
            .With([.. Preset.SymmetricViews, ("prototypes", "3000")]),
        ["lightly"] = Preset.Lightly(512, 128, "weight decay, which is apart from the gradient (AdamW instead of Adam)")
            .With([.. Preset.ViewWords("0.14", "0.4", "0.4", "0.4", "0.1"), ("optimizer", "adamw"), ("learning_rate", "1e-3"), ("weight_decay", "1e-6"), ("prototypes", "512"), ("prototype_layer", "linear")]),
    };

    /// <summary>With small crops of the areas that the paper has, which are smaller than those of DINO.</summary>
    public SwAVSettings() => Crops = new() { SmallCropMaxArea = 0.14 };

    /// <summary>Projector and prototypes.</summary>
    public DiscreteHeadSettings Head { get; init; } = new();

    /// <summary>What compares embeddings with prototypes.</summary>
    [Setting("Layer of the prototypes: normalized divides them by their norms where they are used; linear is a linear layer with a bias whose rows become unit vectors after each step.")]
    public PrototypeLayer PrototypeLayer { get; init; } = PrototypeLayer.Normalized;

    /// <inheritdoc/>
    public override string Title => "SwAV";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Preset> Presets => s_presets;

    /// <inheritdoc/>
    public override TwoViewMethod Create(Func<Encoder> makeEncoder, int images, ProcessGroup? group = null) => new SwAV(makeEncoder(), this, group);
}
