using ErLoss.Modules;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Teachers;
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
    private readonly Objective _objective;
    private readonly TeacherMomentum _momentum;

    public Byol(Func<Encoder> makeEncoder, ByolSettings settings)
        : base(nameof(Byol))
    {
        int hidden = settings.Head.HiddenDimension, dimension = settings.Head.ProjectionDimension;
        encoder = makeEncoder();
        projector = Projector.Create(encoder.FeatureDimension, hidden, dimension);
        predictor = Projector.Create(dimension, hidden, dimension);
        teacherEncoder = makeEncoder();
        teacherProjector = Projector.Create(encoder.FeatureDimension, hidden, dimension);
        Teacher.Create(teacherEncoder, encoder);
        Teacher.Create(teacherProjector, projector);
        entropyReconstruction = new EntropyReconstructionLoss(settings.Loss.Options());
        _objective = settings.Objective;
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
        Tensor predictions = Directions(predictor.call(projections));
        Tensor targets;
        using (no_grad())
        {
            Tensor[] teacher = Directions(teacherProjector.call(teacherEncoder.call(views))).chunk(2);
            targets = cat([teacher[1], teacher[0]]); // each view predicts the other
        }

        Tensor? native = _objective == Objective.Native ? RegressionError(predictions, targets) : null;
        using var frozen = native is null ? null : no_grad();
        Tensor[] student = projections.chunk(2);
        EntropyReconstructionTerms ofStudent = entropyReconstruction.terms(student[0], student[1]);
        Tensor plainEntropy = PlainEstimate.Bound(entropyReconstruction, ofStudent, student[0], student[1]) + ofStudent.Reconstruction;
        Tensor reconstruction = EntropyReconstruction.reconstruction(predictions, targets, entropyReconstruction.Kappa);
        return MethodTerms.Of(ofStudent.Entropy, reconstruction, entropyReconstruction.Options.EntropyWeight, native, plainEntropy).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void AfterStep(double progress)
    {
        double momentum = _momentum.At(progress);
        Teacher.Follow(teacherEncoder, encoder, momentum);
        Teacher.Follow(teacherProjector, projector, momentum);
    }

    /// <summary>
    /// The squared distance of a prediction and its target, 2 − 2·cos, summed over the two ways (equation 2 of the paper and the lines after it).
    /// </summary>
    /// <param name="predictions">(2k, d), unit rows: both views' predictions.</param>
    /// <param name="targets">(2k, d), unit rows: what each of them should be.</param>
    /// <returns>A scalar, in [0, 8].</returns>
    internal static Tensor RegressionError(Tensor predictions, Tensor targets)
    {
        using var scope = NewDisposeScope();
        return (2 * (2 - 2 * (predictions * targets).sum(1)).mean()).MoveToOuterDisposeScope();
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
        ["solo-learn"] = Preset.SoloLearn("byol.yaml", 1, 1e-5, 4096, 256).With(("ema", "0.99")),
        ["lightly"] = Preset.Lightly(1024, 256, "decay of biases and norms").With(("ema", "0.99"), ("ema_schedule", "fixed")),
    };

    /// <summary>The entropy–reconstruction loss.</summary>
    public SphereLossSettings Loss { get; init; } = new();

    /// <summary>The teacher. The published coefficient of 0.99 is for runs a hundred times as long as the ones usual here.</summary>
    public TeacherSettings Teacher { get; init; } = new() { Ema = 0.95 };

    /// <summary>Projector and predictor.</summary>
    public HeadSettings Head { get; init; } = new();

    /// <inheritdoc/>
    public override string Title => "BYOL";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<Objective, PublishedStability> Stability => s_stability;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Preset> Presets => s_presets;

    /// <inheritdoc/>
    public override TwoViewMethod Create(Func<Encoder> makeEncoder, int images) => new Byol(makeEncoder, this);
}
