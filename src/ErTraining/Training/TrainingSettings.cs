using System.Text.Json.Serialization;
using ErLoss.Modules;
using ErTraining.Methods;

namespace ErTraining.Training;

/// <summary>
/// Everything that decides a run; what config.json holds, with the values that were used where an option was left open. Each member is
/// the option of the same name.
/// </summary>
internal sealed record TrainingSettings
{
    /// <summary>Version of the program that ran.</summary>
    public string Version { get; init; } = "";

    /// <summary>Name of the method, one of <see cref="MethodCatalog.Names"/>.</summary>
    public string Method { get; init; } = MethodCatalog.Default;

    /// <summary>Name of the method's published settings that the rest started from; null if none.</summary>
    public string? Preset { get; init; }

    /// <summary>Which loss it trains with.</summary>
    public Objective Objective { get; init; } = Objective.Er;

    /// <summary>"synthetic", or the folder the images are in.</summary>
    public string Data { get; init; } = "synthetic";

    /// <summary>The first so many training images are used; all of them if null.</summary>
    public int? TrainImages { get; init; }

    /// <summary>Name of the encoder, one of <see cref="Encoders.EncoderCatalog.Names"/>.</summary>
    public string Encoder { get; init; } = "convnet";

    /// <summary>File of the encoder's initial weights, see <see cref="EncoderFile"/>; drawn by the seed if null.</summary>
    public string? Weights { get; init; }

    /// <summary>Passes over the training images; 0 only evaluates the untrained encoder.</summary>
    public int Epochs { get; init; } = 6;

    /// <summary>Images a step, each in two views. What is left over at the end of an epoch is left out.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Concentration κ of the ER loss; 1/κ is NT-Xent's temperature.</summary>
    public double Kappa { get; init; } = EntropyReconstructionOptions.DefaultKappa;

    /// <summary>Whether κ is learnt.</summary>
    public bool LearnKappa { get; init; } = EntropyReconstructionOptions.DefaultLearnKappa;

    /// <summary>How the entropy is estimated; as suits the method if null.</summary>
    public EntropyEstimator? Estimator { get; init; }

    /// <summary>Whether a row is left out of its own density estimate.</summary>
    public bool LeaveOneOut { get; init; } = EntropyReconstructionOptions.DefaultLeaveOneOut;

    /// <summary>Weight of the entropy in the ER loss.</summary>
    public double EntropyWeight { get; init; } = EntropyReconstructionOptions.DefaultEntropyWeight;

    /// <summary>Coefficient of a teacher's moving average, at the first step; the method's own if null.</summary>
    public double? Ema { get; init; }

    /// <summary>How the coefficient goes on from there.</summary>
    public EmaSchedule EmaSchedule { get; init; } = EmaSchedule.Cosine;

    /// <summary>Whether a teacher's outputs are centred, in a method that does so.</summary>
    public bool Centering { get; init; } = true;

    /// <summary>Width of the heads' hidden layers; the method's own if null.</summary>
    public int? HiddenDimension { get; init; }

    /// <summary>Length of a projection; the method's own if null.</summary>
    public int? ProjectionDimension { get; init; }

    /// <summary>Number of prototypes or clusters of a discrete head; the method's own if null.</summary>
    public int? Prototypes { get; init; }

    /// <summary>The rule the weights are moved by.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>η of LARS: the length of a layer's step in units of the layer's norm, before the learning rate.</summary>
    public double TrustCoefficient { get; init; } = 1e-3;

    /// <summary>Whether LARS only lowers a layer's rate; see <see cref="Lars"/>.</summary>
    public bool ClipTrust { get; init; }

    /// <summary>Learning rate at its peak, after warm-up; the optimizer's usual one if null.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Epochs in which the learning rate rises to its peak; a tenth of all if null.</summary>
    public double? WarmupEpochs { get; init; }

    /// <summary>Weight decay, of matrices and convolutions only.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>How many times the encoder is evaluated in the course of training, evenly spread; the last time is after the last epoch.</summary>
    public int Evaluations { get; init; } = 4;

    /// <summary>Of all random streams.</summary>
    public int Seed { get; init; }

    /// <summary>Threads of CPU kernels; the runtime's choice if null.</summary>
    public int? Threads { get; init; }

    /// <summary>What the encoder's convolutions compute in.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Where a GPU may round to TF32.</summary>
    [JsonConverter(typeof(Tf32Format))] // before the converter that the files have for all enumerations
    public Tf32 Tf32 { get; init; } = Tf32.Convolutions;

    /// <summary>"auto", "cpu", "cuda" or "cuda:N".</summary>
    public string Device { get; init; } = "auto";

    /// <summary>What the method is made from.</summary>
    /// <param name="images">Number of training images.</param>
    public MethodSettings ForMethod(int images)
    {
        MethodDescription description = MethodCatalog.Describe(Method);
        return new MethodSettings(
            Objective,
            new EntropyReconstructionOptions
            {
                Kappa = Kappa,
                LearnKappa = LearnKappa,
                Estimator = Estimator ?? description.UsualEstimator,
                LeaveOneOut = LeaveOneOut,
                EntropyWeight = EntropyWeight,
            })
        {
            Images = images,
            TeacherMomentum = new TeacherMomentum(Ema ?? description.UsualMomentum ?? 0, RisesToOne: EmaSchedule == EmaSchedule.Cosine),
            Centering = Centering,
            HiddenDimension = HiddenDimension,
            ProjectionDimension = ProjectionDimension,
            Prototypes = Prototypes,
        };
    }
}
