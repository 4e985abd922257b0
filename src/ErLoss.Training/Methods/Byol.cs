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
/// BYOL (Grill et al., "Bootstrap your own latent: A new approach to self-supervised learning", NeurIPS 2020): a student predicts the
/// projection of another view by a teacher, which is the student's moving average and takes no gradient.
/// </summary>
/// <remarks>
/// Native, it trains with squared distances of directions. With ER the predictor's output is the mean direction of q(teacher's projection | student's view),
/// and the entropy is that of the student's projections, where gradient flows and which the teacher's come to be.
/// </remarks>
internal sealed class Byol : TwoViewMethod
{
    private readonly Encoder encoder, teacherEncoder;
    private readonly Module<Tensor, Tensor> projector, predictor, teacherProjector;
    private readonly EntropyReconstructionLoss entropyReconstruction;
    private readonly ProjectionQueue? queue;
    private readonly Objective _objective;
    private readonly ProcessGroup? _group;
    private readonly ByolRegression _regression;
    private readonly TeacherMomentum _momentum;

    public Byol(Func<Encoder> makeEncoder, ByolSettings settings, ProcessGroup? group)
        : base(nameof(Byol))
    {
        encoder = makeEncoder();
        projector = Projector.Create(encoder.FeatureDimension, settings.Head);
        predictor = Projector.Create(settings.Head.ProjectionDimension, settings.Head with { OutputNorm = false });
        teacherEncoder = makeEncoder();
        teacherProjector = Projector.Create(encoder.FeatureDimension, settings.Head);
        Teacher.Create(teacherEncoder, encoder);
        Teacher.Create(teacherProjector, projector);
        entropyReconstruction = new EntropyReconstructionLoss(settings.Loss.Options() with { Group = group });
        queue = settings.Loss.CreateQueue(settings.Objective, settings.Head.ProjectionDimension);
        _objective = settings.Objective;
        _group = group;
        _regression = settings.Regression;
        _momentum = settings.Teacher.Momentum();
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Encoder Encoder => encoder;

    /// <inheritdoc/>
    public override MethodOutputs Project(Tensor features)
    {
        using var scope = NewDisposeScope();
        return new MethodOutputs(Directions(projector.call(features)).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override MethodTerms forward(ViewBatch batch)
    {
        using var scope = NewDisposeScope();
        Tensor views = cat([batch.View1, batch.View2]);
        Tensor projections = projector.call(encoder.call(views));
        Tensor predictions = predictor.call(projections);
        Tensor[] targets;
        using (no_grad())
        {
            targets = teacherProjector.call(teacherEncoder.call(views)).chunk(2);
        }

        Tensor? native = _objective == Objective.Native
            ? RegressionError(Directions(predictions), Directions(cat([targets[1], targets[0]])), _regression, _group, 2 * batch.Total) // each view predicts the other
            : null;
        using var frozen = native is null ? null : no_grad();
        EntropyReconstructionTerms terms = entropyReconstruction.terms(new ProjectedViews(projections.chunk(2))
        {
            Predictions = predictions.chunk(2),
            Targets = targets,
            Ids = queue is null ? null : batch.Indices,
            Centers = queue is null ? [] : [queue.centers()],
        });
        if (training)
        {
            queue?.enqueue(AcrossRanks.Gather(_group, targets[0]), AcrossRanks.Gather(_group, batch.Indices)); // the teacher's, whose weights change less in the time that a row is kept
        }
        return new MethodTerms(terms, native).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void AfterStep(double progress)
    {
        double momentum = _momentum.At(progress);
        Teacher.Follow(teacherEncoder, encoder, momentum);
        Teacher.Follow(teacherProjector, projector, momentum);
    }

    /// <summary>How far predictions are from their targets.</summary>
    /// <param name="predictions">(2k, d), unit rows: both views' predictions.</param>
    /// <param name="targets">(2k, d), unit rows: what each of them should be.</param>
    /// <param name="regression">How it is measured.</param>
    /// <param name="group">The ranks that have a part of the rows each, if there are several.</param>
    /// <param name="total">How many rows they have together.</param>
    /// <returns>A scalar, in [0, 8], or of cosines in [−1, 1].</returns>
    internal static Tensor RegressionError(Tensor predictions, Tensor targets, ByolRegression regression, ProcessGroup? group = null, long total = 0)
    {
        using var scope = NewDisposeScope();
        Tensor cosine = AcrossRanks.Mean(group, (predictions * targets).sum(1), total);
        return (regression == ByolRegression.Cosines ? -cosine : 2 * (2 - 2 * cosine)).MoveToOuterDisposeScope();
    }

    private static Tensor Directions(Tensor rows) => functional.normalize(rows, dim: 1);
}

/// <summary>Of <see cref="Byol"/>.</summary>
internal sealed record ByolSettings : MethodSettings
{
    private static readonly Dictionary<Objective, PublishedStability> s_stability = new()
    {
        [Objective.Native] = new(73.42, 23.65, 2.63),
        [Objective.Er] = new(71.94, 2.35, 0.41),
    };

    private static readonly Dictionary<string, Preset> s_presets = new()
    {
        ["solo-learn"] = Preset.SoloLearn("byol.yaml", 1, 1e-5, 4096, 256, Preset.NoSolarization).With([.. Preset.AsymmetricViews, ("ema", "0.99")]),
        ["lightly"] = Preset.Lightly(1024, 256, Preset.NoDecay, Preset.NoSolarization)
            .With([.. Preset.AsymmetricViews, ("ema", "0.99"), ("ema_schedule", "fixed"), ("regression", "cosines")]),
    };

    /// <summary>The entropy–reconstruction loss.</summary>
    public SphereLossSettings Loss { get; init; } = new();

    /// <summary>The teacher. The published coefficient of 0.99 is for runs a hundred times as long as the ones usual here.</summary>
    public TeacherSettings Teacher { get; init; } = new() { Ema = 0.95 };

    /// <summary>How the native loss measures predictions.</summary>
    [Setting(
        "Native loss: squared distances of predictions and targets, summed over both ways, as in the paper; or the negative mean of their cosines, which has a quarter of that gradient.",
        GoesWith = "objective native")]
    public ByolRegression Regression { get; init; } = ByolRegression.Distances;

    /// <summary>Projector and predictor.</summary>
    public HeadSettings Head { get; init; } = new();

    /// <inheritdoc/>
    public override string Title => "BYOL";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<Objective, PublishedStability> Stability => s_stability;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Preset> Presets => s_presets;

    /// <inheritdoc/>
    public override TwoViewMethod Create(Func<Encoder> makeEncoder, int images, ProcessGroup? group = null) => new Byol(makeEncoder, this, group);
}
