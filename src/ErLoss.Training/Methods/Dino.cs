using ErLoss.Modules;
using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Teachers;
using ErLoss.Training.Distributed;
using ErLoss.Training.Settings;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>
/// DINO (Caron et al., "Emerging Properties in Self-Supervised Vision Transformers", ICCV 2021): a student's distribution over prototypes
/// is drawn to that of its moving average, the teacher, which is sharpened and centred and takes no gradient. The teacher sees two large crops of an image, the student small ones
/// besides, if there are some.
/// </summary>
/// <remarks>
/// Native, it trains with the cross-entropy of teacher and student. With ER that is the reconstruction, and the entropy of the
/// student's batch marginal is added, so that centring can be left out. Each crop of the student predicts the teacher's targets of both large crops, but a large crop not its own;
/// the entropy is that of the student's large crops.
/// </remarks>
internal sealed class Dino : TwoViewMethod
{
    private const double StudentTemperature = 0.1, TeacherTemperature = 0.04, CenterMomentum = 0.9;

    private readonly Encoder encoder, teacherEncoder;
    private readonly Module<Tensor, Tensor> projector, teacherProjector, prototypes, teacherPrototypes;
    private readonly Tensor center;
    private readonly EntropyReconstructionLoss entropyReconstruction;
    private readonly TeacherMomentum _momentum;
    private readonly bool _centering;
    private readonly ProcessGroup? _group;

    public Dino(Func<Encoder> makeEncoder, DinoSettings settings, ProcessGroup? group)
        : base(nameof(Dino))
    {
        int dimension = settings.Head.ProjectionDimension, count = settings.Head.Prototypes;
        encoder = makeEncoder();
        projector = Projector.Create(encoder.FeatureDimension, settings.Head);
        prototypes = new Prototypes(dimension, count, settings.PrototypeNorm);
        teacherEncoder = makeEncoder();
        teacherProjector = Projector.Create(encoder.FeatureDimension, settings.Head);
        teacherPrototypes = new Prototypes(dimension, count);
        Teacher.Create(teacherEncoder, encoder);
        Teacher.Create(teacherProjector, projector);
        Teacher.Create(teacherPrototypes, prototypes);
        center = zeros(count, device: CPU).DetachFromDisposeScope();
        entropyReconstruction = new EntropyReconstructionLoss(settings.Loss.Options(settings.Objective) with { Group = group });
        _momentum = settings.Teacher.Momentum();
        _centering = settings.Centering;
        _group = group;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Encoder Encoder => encoder;

    /// <inheritdoc/>
    public override MethodOutputs Project(Tensor features)
    {
        using var scope = NewDisposeScope();
        Tensor embeddings = Embed(projector, features);
        Tensor probabilities = functional.softmax(prototypes.call(embeddings) / StudentTemperature, 1);
        return new MethodOutputs(embeddings.MoveToOuterDisposeScope(), probabilities.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override MethodTerms forward(ViewBatch batch)
    {
        using var scope = NewDisposeScope();
        Tensor views = cat([batch.View1, batch.View2]);
        Tensor logits = prototypes.call(Embed(projector, CropFeatures.Compute(encoder, views, batch.SmallCrops))) / StudentTemperature;
        Tensor[] student = logits.chunk(logits.shape[0] / batch.View1.shape[0]);
        Tensor[] targets;
        using (no_grad())
        {
            Tensor outputs = teacherPrototypes.call(Embed(teacherProjector, teacherEncoder.call(views)));
            targets = functional.softmax((_centering ? outputs - center : outputs) / TeacherTemperature, 1).chunk(2);
            if (_centering && training)
            {
                center.mul_(CenterMomentum).add_(AcrossRanks.Mean(_group, outputs, 2 * batch.Total), 1 - CenterMomentum);
            }
        }

        return new MethodTerms(entropyReconstruction.terms(new ProjectedViews(student[..2]) { Predictions = student, Targets = targets })).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void AfterStep(double progress)
    {
        double momentum = _momentum.At(progress);
        Teacher.Follow(teacherEncoder, encoder, momentum);
        Teacher.Follow(teacherProjector, projector, momentum);
        Teacher.Follow(teacherPrototypes, prototypes, momentum);
    }

    private static Tensor Embed(Module<Tensor, Tensor> projector, Tensor features) => functional.normalize(projector.call(features), dim: 1);
}

/// <summary>Of <see cref="Dino"/>.</summary>
internal sealed record DinoSettings : MultiCropMethodSettings
{
    /// <summary>Of a row of a linear layer as PyTorch draws it, from the interval of ±1/√d: 1/√3.</summary>
    private const string PublishedNorm = "0.577";

    private static readonly Dictionary<Objective, PublishedStability> s_stability = new()
    {
        [Objective.Native] = new(75.59, 6.76, 8.25),
        [Objective.Er] = new(73.39, 2.35, 0.92),
    };

    private static readonly Dictionary<string, Preset> s_presets = new()
    {
        ["solo-learn"] = Preset.SoloLearn(
            "dino.yaml",
            0.3,
            1e-6,
            2048,
            256,
            "the teacher's temperature of 0.04 instead of 0.07",
            "the projector, which has two layers instead of three, ReLU instead of GELU and larger initial weights",
            "prototypes, which are not frozen at first",
            Preset.NoSolarization).With([.. Preset.AsymmetricViews, ("hidden_norm", "false"), ("ema", "0.9995"), ("prototypes", "4096"), ("prototype_norm", PublishedNorm)]),
        ["lightly"] = Preset.Lightly(2048, 256, "ReLU instead of GELU", Preset.NoDecay, Preset.NoSolarization)
            .With([.. Preset.ViewWords("0.4", "0.4", "0.4", "0.2", "0.1"), ("ema", "0.99"), ("ema_schedule", "fixed"), ("prototypes", "2048"), ("prototype_norm", PublishedNorm)]),
    };

    /// <summary>The teacher.</summary>
    public TeacherSettings Teacher { get; init; } = new() { Ema = 0.99 };

    /// <summary>Whether the teacher's outputs are centred.</summary>
    [Setting("Centre the outputs of the teacher.")]
    public bool Centering { get; init; } = true;

    /// <summary>Norm of a prototype's weights at the start.</summary>
    [Setting("Norm of the weight vector of a prototype at the start. Only its direction is used; the shorter the vector is, the faster it turns.", Above = 0)]
    public double PrototypeNorm { get; init; } = 1;

    /// <summary>Projector and prototypes.</summary>
    public DiscreteHeadSettings Head { get; init; } = new() { Prototypes = 1024 };

    /// <inheritdoc/>
    public override string Title => "DINO";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<Objective, PublishedStability> Stability => s_stability;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Preset> Presets => s_presets;

    /// <inheritdoc/>
    public override TwoViewMethod Create(Func<Encoder> makeEncoder, int images, ProcessGroup? group = null) => new Dino(makeEncoder, this, group);
}
