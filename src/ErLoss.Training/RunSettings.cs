using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErLoss.Training.Encoders;
using ErLoss.Training.Methods;
using ErLoss.Training.Optimization;
using ErLoss.Training.Settings;
using ErLoss.Training.Views;

namespace ErLoss.Training;

/// <summary>All settings of a run; what its config.json holds. Each part of the program is given its own section, never the whole.</summary>
internal sealed record RunSettings : Section
{
    /// <summary>The self-supervised method.</summary>
    [Setting("Self-supervised method.")]
    public MethodSettings Method { get; init; } = new SimClrSettings();

    /// <summary>Name of the method's published settings that the rest started from; null if none.</summary>
    [Setting("Settings that were published for the method on CIFAR-10, with the native loss. Other options override them.", Placeholder = "NAME")]
    public string? Preset { get; init; }

    /// <summary>The images.</summary>
    public DataSettings Data { get; init; } = new();

    /// <summary>The random changes that make views of an image.</summary>
    public ViewSettings Views { get; init; } = new();

    /// <summary>Passes over the training images; 0 only evaluates the untrained encoder.</summary>
    [Setting("Number of passes over the training images.", Least = 0)]
    public int Epochs { get; init; } = 6;

    /// <summary>Images a step, each in two views. What is left over at the end of an epoch is left out.</summary>
    [Setting("Number of images in a training step. If several processes train together, it is that of all of them.", Least = 2)]
    public int BatchSize { get; init; } = 128;

    /// <summary>Whether batches are normalised by the images of all ranks, or each rank's by its own.</summary>
    [Setting("Normalise batches by the images of all processes that train together, as a single process would. If each normalises by its own images, the result depends on their number.")]
    public bool SyncBatchNorm { get; init; } = true;

    /// <summary>What turns images into features.</summary>
    [Setting("Encoder network.")]
    public EncoderSettings Encoder { get; init; } = new ConvNetSettings();

    /// <summary>The optimizer.</summary>
    [Setting("Optimizer.")]
    public OptimizerSettings Optimizer { get; init; } = new AdamWSettings();

    /// <summary>The share of the epochs in which the learning rate rises where nobody says otherwise.</summary>
    internal const double WarmupFraction = 0.1;

    /// <summary>
    /// Epochs in which the learning rate rises to its peak, of those that the run began with; null for a tenth of them. A schedule that starts anew when the run is given more epochs rises
    /// over the same share of what is left.
    /// </summary>
    [Setting("Epochs in which the learning rate rises from zero. If the run is given more epochs, it rises again over the same share of the rest.", Least = 0, WhenNull = "a tenth of all")]
    public double? WarmupEpochs { get; init; }

    /// <summary>How many times the encoder is evaluated in the course of training, evenly spread; the last time is after the last epoch.</summary>
    [Setting("Number of kNN evaluations during training.", Least = 1)]
    public int Evaluations { get; init; } = 4;

    /// <summary>Whether a linear probe says, before training and after, what the features are worth.</summary>
    [Setting("Train a linear classifier on the encoder's features before training and at the end (linear probe), and report its accuracies beside those of kNN.", DecidesResult = false)]
    public bool LinearProbe { get; init; }

    /// <summary>Where and how it is computed.</summary>
    public ComputeSettings Compute { get; init; } = new();

    /// <summary>Seed of all random streams.</summary>
    [Setting("Seed of all random numbers.", Least = 0)]
    public int Seed { get; init; }

    /// <summary>Where the schedule started anew because the number of epochs was changed: "612:6" is after 612 steps of a run of 6 epochs, and "612:6!" says that the optimizer started anew, too; null if nowhere.</summary>
    [Setting("Places where the number of epochs was changed and the schedule started anew, each as STEPS:EPOCHS: the steps done by then, and the epochs planned before. An exclamation mark follows if the optimizer started anew, too.", IsOption = false)]
    public string? Restarts { get; init; }

    /// <summary>Whether the last state of a finished run stays in its folder.</summary>
    [Setting("Keep the last checkpoint of a finished run with the optimizer's state, so that more epochs can continue from it. It takes three times the space of the weights.", DecidesResult = false)]
    public bool KeepState { get; init; }

    /// <summary>What followed from the settings and the images.</summary>
    public UsedSettings Used { get; init; } = new();

    /// <summary>Version of the program that began the run.</summary>
    [Setting("Version of the program that began the run.", DecidesResult = false, IsOption = false)]
    public string? Version { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<Conflict> Conflicts()
    {
        if (ScheduleRestart.ParseAll(Restarts) is null)
        {
            yield return new(nameof(Restarts), $"is '{Restarts}'; numbers of steps and epochs in rising order are wanted, such as 612:6 816:8");
        }
        if (Crops.SmallCrops > 0 && Crops.SmallCropSize > Data.ImageSize)
        {
            yield return new(
                $"{nameof(Method)}.{nameof(MultiCropMethodSettings.Crops)}.{nameof(CropSettings.SmallCropSize)}",
                $"is {Crops.SmallCropSize}, but the images have {Data.ImageSize}x{Data.ImageSize} pixels (image_size); a number up to that is wanted");
        }
    }

    /// <summary>The small crops of the method; none of a method that cannot train on them.</summary>
    internal CropSettings Crops => (Method as MultiCropMethodSettings)?.Crops ?? new();

    /// <summary>How the run gives images to its encoder; what the encoder expects ever after.</summary>
    internal ImagePreprocessing Preprocessing => new() { ImageSize = Data.ImageSize, Background = Data.Decoding().Background.ToString() };

    /// <summary>The places that <see cref="Restarts"/> names, the first one first.</summary>
    internal IReadOnlyList<ScheduleRestart> Places => ScheduleRestart.ParseAll(Restarts)!; // a document with other text is refused

    /// <summary>The settings of this run if its number of epochs is changed. Places that it has not come to are planned no more.</summary>
    /// <param name="epochs">The new number.</param>
    /// <param name="stepsDone">Steps done; the schedule starts anew after them.</param>
    /// <param name="hasNewOptimizer">Whether the optimizer starts anew, too.</param>
    public RunSettings WithEpochs(int epochs, long stepsDone, bool hasNewOptimizer = false)
    {
        RunSettings until = Until(stepsDone);
        IEnumerable<ScheduleRestart> here = stepsDone > 0 ? [new(stepsDone, until.Epochs, hasNewOptimizer)] : [];
        return until with { Epochs = epochs, Restarts = ScheduleRestart.Format([.. until.Places, .. here]) };
    }

    /// <summary>What of these settings the first steps of the run follow from: the places before a step, and the number of epochs that was planned by then.</summary>
    /// <param name="step">Steps done.</param>
    public RunSettings Until(long step)
    {
        ScheduleRestart[] done = [.. Places.TakeWhile(place => place.Step < step)];
        return this with { Epochs = done.Length < Places.Count ? Places[done.Length].Epochs : Epochs, Restarts = ScheduleRestart.Format(done) };
    }
}
