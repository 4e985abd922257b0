using ErLoss.Modules;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Settings;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>
/// SwAV (Caron et al., "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", NeurIPS 2020): each view predicts
/// the assignment of the other to prototypes. Two views, no smaller ones.
/// </summary>
/// <remarks>
/// Native, assignments share the prototypes out evenly by optimal transport and take no gradient. With ER both views' distributions over prototypes
/// take gradient, reconstruct each other, and the entropy of their batch marginals keeps the prototypes in use.
/// </remarks>
internal sealed class SwAV : TwoViewMethod
{
    private const double Temperature = 0.1, Epsilon = 0.05;
    private const int SinkhornIterations = 3;

    private static readonly EntropyReconstructionLoss s_crossEntropy = new(support: Support.Discrete, entropyWeight: 0);

    private readonly Encoder encoder;
    private readonly Module<Tensor, Tensor> projector, prototypes;
    private readonly EntropyReconstructionLoss entropyReconstruction;
    private readonly Objective _objective;

    public SwAV(Encoder encoder, SwAVSettings settings)
        : base(nameof(SwAV))
    {
        this.encoder = encoder;
        projector = Projector.Create(encoder.FeatureDimension, settings.Head);
        prototypes = settings.PrototypeLayer == PrototypeLayer.Linear
            ? new LinearPrototypes(settings.Head.ProjectionDimension, settings.Head.Prototypes)
            : new Prototypes(settings.Head.ProjectionDimension, settings.Head.Prototypes);
        entropyReconstruction = new EntropyReconstructionLoss(settings.Loss.Options());
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
        Tensor embeddings = functional.normalize(projector.call(encoder.call(cat([batch.View1, batch.View2]))), dim: 1);
        Tensor[] scores = prototypes.call(embeddings).chunk(2);
        Tensor? native = _objective == Objective.Native ? SwappedPrediction(scores[0], scores[1]) : null;
        using var frozen = native is null ? null : no_grad();
        EntropyReconstructionTerms terms = entropyReconstruction.terms(scores[0] / Temperature, scores[1] / Temperature);
        return new MethodTerms(terms, native).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void AfterStep(double progress) => (prototypes as LinearPrototypes)?.Normalize();

    /// <summary>Each view's prediction of the other's assignment (equations 1 and 2 of the paper), the mean of both ways.</summary>
    /// <param name="scores1">(k, prototypes), what the prototypes make of the first view's embeddings.</param>
    /// <param name="scores2">(k, prototypes), of the second's.</param>
    /// <returns>A scalar, in nats.</returns>
    internal static Tensor SwappedPrediction(Tensor scores1, Tensor scores2)
    {
        using var scope = NewDisposeScope();
        Tensor[] codes = [SinkhornKnopp.Assign(scores1, Epsilon, SinkhornIterations), SinkhornKnopp.Assign(scores2, Epsilon, SinkhornIterations)];
        return s_crossEntropy.terms(new ProjectedViews(scores1 / Temperature, scores2 / Temperature) { Targets = codes }).Loss.MoveToOuterDisposeScope();
    }
}

/// <summary>Of <see cref="SwAV"/>.</summary>
internal sealed record SwAVSettings : DiscreteMethodSettings
{
    private static readonly Dictionary<string, Preset> s_presets = new()
    {
        ["solo-learn"] = Preset.SoloLearn("swav.yaml", 0.6, 1e-6, 2048, 128, "no queue", "prototypes, which have no gains of their own and are not frozen at first")
            .With(("prototypes", "3000")),
        ["lightly"] = Preset.Lightly(512, 128, "weight decay, which is apart from the gradient (AdamW instead of Adam)")
            .With(("optimizer", "adamw"), ("learning_rate", "1e-3"), ("weight_decay", "1e-6"), ("prototypes", "512"), ("prototype_layer", "linear")),
    };

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
    public override TwoViewMethod Create(Func<Encoder> makeEncoder, int images) => new SwAV(makeEncoder(), this);
}
