using ErLoss.Modules;
using ErTraining.Encoders;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Methods;

/// <summary>
/// DINO (Caron et al., "Emerging Properties in Self-Supervised Vision Transformers", ICCV 2021): a student's distribution over prototypes
/// is drawn to that of its moving average, the teacher, which is sharpened and centred and takes no gradient. Two global views, no local ones.
/// </summary>
/// <remarks>
/// Native, it trains with the cross-entropy of teacher and student. With ER that is the reconstruction, and the entropy of the
/// student's batch marginal is added, so that centring can be left out.
/// </remarks>
internal sealed class Dino : TwoViewMethod
{
    private const int HiddenDimension = 512, BottleneckDimension = 128, PrototypeCount = 1024;
    private const double StudentTemperature = 0.1, TeacherTemperature = 0.04, CenterMomentum = 0.9;

    /// <summary>The method as the catalogue knows it.</summary>
    public static readonly MethodDescription Description = new("DINO", (makeEncoder, settings) => new Dino(makeEncoder, settings))
    {
        UsualMomentum = 0.99,
        HasCentering = true,
        IsDiscrete = true,
        Stability = new Dictionary<Objective, PublishedStability>
        {
            [Objective.Native] = new(75.59, 6.76, 8.25),
            [Objective.Er] = new(73.39, 2.35, 0.92),
        },
        Recipes = new Dictionary<string, Recipe>
        {
            ["solo-learn"] = Recipe.SoloLearn("dino.yaml", 0.3, 1e-6, 2048, 256, "its teacher temperature (0.07), third layer and GELU, frozen prototypes") with
            {
                Ema = 0.9995,
                Prototypes = 4096,
            },
            ["lightly"] = Recipe.Lightly(2048, 256, "GELU, decay of biases and norms") with { Ema = 0.99, EmaIsFixed = true, Prototypes = 2048 },
        },
    };

    private readonly Encoder encoder, teacherEncoder;
    private readonly Module<Tensor, Tensor> projector, teacherProjector, prototypes, teacherPrototypes;
    private readonly Tensor center;
    private readonly EntropyReconstructionOptions _entropyReconstruction;
    private readonly Objective _objective;
    private readonly TeacherMomentum _momentum;
    private readonly bool _centering;

    public Dino(Func<Encoder> makeEncoder, MethodSettings settings)
        : base(nameof(Dino))
    {
        int hidden = settings.HiddenDimension ?? HiddenDimension, dimension = settings.ProjectionDimension ?? BottleneckDimension;
        int count = settings.Prototypes ?? PrototypeCount;
        encoder = makeEncoder();
        projector = Projector.Create(encoder.FeatureDimension, hidden, dimension);
        prototypes = new Prototypes(dimension, count);
        teacherEncoder = makeEncoder();
        teacherProjector = Projector.Create(encoder.FeatureDimension, hidden, dimension);
        teacherPrototypes = new Prototypes(dimension, count);
        Teacher.Create(teacherEncoder, encoder);
        Teacher.Create(teacherProjector, projector);
        Teacher.Create(teacherPrototypes, prototypes);
        center = zeros(count, device: CPU).DetachFromDisposeScope();
        _entropyReconstruction = settings.EntropyReconstruction;
        _objective = settings.Objective;
        _momentum = settings.TeacherMomentum;
        _centering = settings.Centering;
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
        Tensor[] student = (prototypes.call(Embed(projector, encoder.call(views))) / StudentTemperature).chunk(2);
        Tensor[] targets;
        using (no_grad())
        {
            Tensor outputs = teacherPrototypes.call(Embed(teacherProjector, teacherEncoder.call(views)));
            targets = functional.softmax((_centering ? outputs - center : outputs) / TeacherTemperature, 1).chunk(2);
            if (_centering && training)
            {
                center.mul_(CenterMomentum).add_(outputs.mean([0]), 1 - CenterMomentum);
            }
        }

        Tensor reconstruction = DiscreteHead.SwappedCrossEntropy(targets[0], student[0], targets[1], student[1]);
        Tensor? native = _objective == Objective.Native ? reconstruction : null;
        using var frozen = native is null ? null : no_grad();
        Tensor entropy = DiscreteHead.MarginalEntropy(student[0], student[1], _entropyReconstruction.Estimator);
        return MethodTerms.Of(entropy, reconstruction, _entropyReconstruction.EntropyWeight, native).MoveToOuterDisposeScope();
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
