using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Evaluation;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErLoss.Training.Distributed;
using ErLoss.Training.Methods;
using ErLoss.Training.Settings;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>
/// Trains an encoder on two views of unlabelled images: epochs of <see cref="TrainingStep"/>, evaluations between them, and what is told of it and kept.
/// </summary>
/// <remarks>
/// On a CPU the same seed, thread count and number of ranks give the same metrics to the last bit. Where several ranks train together, each has a trainer with the same settings and images, and all
/// have the same weights and metrics at any time.
/// </remarks>
internal sealed partial class Trainer : IDisposable
{
    private static readonly TimeSpan s_progressInterval = TimeSpan.FromMilliseconds(250);

    private readonly Registry _registry;
    private readonly RunSettings _settings;
    private readonly Device _device;
    private readonly ProcessGroup? _group;
    private readonly TrainingStep _step;
    private readonly RunProgress _progress;
    private readonly DivergenceGuard _divergence;
    private readonly string _dataFingerprint;
    private readonly bool _measuresAccuracy;
    private readonly IReadOnlyList<string> _classNames;

    /// <summary>Puts the data on the device and draws the initial weights.</summary>
    /// <param name="registry">Makes the encoder, and reads the settings in a checkpoint.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="data">What it is trained and evaluated on.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="group">The ranks that train together; null if one process trains.</param>
    /// <exception cref="SettingsException">There are fewer training images than a batch, the schedule does not go with the number of steps, or the encoder cannot take small crops.</exception>
    /// <exception cref="DataException">There are too few images to evaluate on, or the encoder's weights cannot be read.</exception>
    public Trainer(Registry registry, RunSettings settings, ImageData data, Device device, ProcessGroup? group = null)
    {
        if (data.Train.Count < settings.BatchSize)
        {
            throw registry.Document.Find(settings, "batch_size").Error(
                $"is {settings.BatchSize}, but {data.Name} has {data.Train.Count} training images; a smaller batch or more images are wanted");
        }
        if (settings.BatchSize < group?.Size)
        {
            throw registry.Document.Find(settings, "batch_size").Error($"is {settings.BatchSize}, but there are {group.Size} ranks to share a batch; a larger batch or fewer ranks are wanted");
        }
        _registry = registry;
        _group = group;
        _settings = settings;
        _device = device;
        Train = new ImageTensors(data.Train, device);
        Test = new ImageTensors(data.Test, device);
        _measuresAccuracy = data.WhyNoAccuracy is null;
        _classNames = data.Train.ClassNames;
        _dataFingerprint = data.Fingerprint();
        TwoViewMethod method = InitialWeights.Method(registry, settings, data.Train.Count, taken => WeightsReadResult = taken, group);
        method.to(device);
        SmallCropCheck.Require(registry, settings, method.Encoder);
        _step = new TrainingStep(settings, method, Train, group);
        _progress = new RunProgress(_step, settings.BatchSize, device);
        _divergence = new DivergenceGuard(_step, _progress);
    }

    /// <summary>The training images, for the device.</summary>
    public ImageTensors Train { get; }

    /// <summary>The test images, for the device.</summary>
    public ImageTensors Test { get; }

    /// <summary>The method being trained, with its encoder.</summary>
    public TwoViewMethod Method => _step.Method;

    /// <summary>What was taken from the file of the encoder's initial weights; null if they were drawn, or if the weights are those of a run taken up.</summary>
    public WeightsReadResult? WeightsReadResult { get; private set; }

    /// <summary>What followed from the settings and the images.</summary>
    public UsedSettings Used => new()
    {
        DataFingerprint = _dataFingerprint,
        FeatureDimension = Method.Encoder.FeatureDimension,
        Stem = (Method.Encoder as ResNet18)?.Stem,
        BlurProbability = _settings.Views.BlurProbabilityAt(_settings.Data.ImageSize),
        KnnNeighbours = _measuresAccuracy ? NearestNeighbours.NeighbourCount(Train.LabelledCount) : null,
        WarmupEpochs = _step.Schedule.WarmupEpochs,
        Ranks = _group?.Size,
    };

    /// <summary>Metrics of the epochs that are over.</summary>
    public IReadOnlyList<EpochMetrics> Epochs => _progress.Epochs;

    /// <summary>Who is told how the run goes. Add to it before <see cref="Run"/>.</summary>
    public TrainingObservers Observers { get; } = [];

    /// <summary>Takes up a run where it was; before <see cref="Run"/>.</summary>
    /// <exception cref="DataException">The state is of other settings, of other images or of another make; the message says which.</exception>
    public void Restore(TrainingState state)
    {
        state.CheckIsOf(_registry.Document, _settings, _dataFingerprint);
        _progress.Restore(state.Position, _settings.Epochs);
        state.Restore(Method, _step.Optimizer);
        WeightsReadResult = null;
    }

    /// <summary>Evaluates, trains all epochs, and evaluates again; or what of that is left to do of a run that was taken up.</summary>
    /// <param name="cancellation">Ends the run after the step under way, or in the midst of an evaluation. If one rank is cancelled, all end at the same place.</param>
    /// <param name="keeper">
    /// Keeps its state: at the start, after each epoch, whenever it is due and when it is cancelled. Of several ranks, rank 0 saves when it is due there, and all save when it is due on another one.
    /// </param>
    /// <exception cref="OperationCanceledException">Cancelled; the method is as the last whole step left it.</exception>
    /// <exception cref="TrainingFailedException">The loss or a weight is no longer a finite number, or the ranks have other weights than each other; no such state is kept.</exception>
    /// <exception cref="WrongFeaturesException">This machine computes the encoder's features wrongly; nothing was begun.</exception>
    public RunResult Run(CancellationToken cancellation, IStateKeeper? keeper = null)
    {
        FeatureCheck.Require(Method.Encoder, Train.Size);
        if (_settings.Crops.SmallCrops > 0)
        {
            FeatureCheck.Require(Method.Encoder, _settings.Crops.SizeOfSmallCrops(_settings.Data.ImageSize));
        }
        RankWeights.RequireSame(_group, Method, _progress.StepsDone);
        if (_progress.KnnAccuracyBefore is null && (_measuresAccuracy || _progress.StepsDone == 0))
        {
            _progress.KnnAccuracyBefore = KnnAccuracy(cancellation);
            EvaluationBefore = _evaluation;
            _progress.LinearProbeAccuracyBefore = _progress.StepsDone == 0 ? LinearProbeAccuracy(cancellation) : null;
            _progress.ViewRetrievalBefore = _progress.StepsDone == 0 ? ViewRetrieval(cancellation) : null;
            keeper?.Save(State());
        }
        Observers.Tell(observer => observer.OnStart(_progress.KnnAccuracyBefore, Epochs, _progress.Sums.Steps));
        while (Epochs.Count < _settings.Epochs)
        {
            EpochMetrics metrics = TrainEpoch(Epochs.Count + 1, keeper, cancellation);
            _divergence.RequireSoundWeights();
            RankWeights.RequireSame(_group, Method, _progress.StepsDone);
            try
            {
                metrics = Evaluate(metrics, cancellation);
            }
            catch (OperationCanceledException)
            {
                keeper?.Save(State()); // all steps of the epoch are done: the run goes on with its evaluation
                throw;
            }
            _progress.EndEpoch(metrics);
            FreedMemory.Bound();
            TimeSpan timeLeft = _progress.TimeLeft;
            Observers.Tell(observer => observer.OnEpoch(Epochs[^1], timeLeft));
            keeper?.Save(State());
        }
        if (_group is not null)
        {
            Evaluate(cancellation); // together: rank 0 alone draws the report, which asks for it again
        }
        return RunResult.Create(_registry, _settings, _device, (Train, Test), _progress, Used, _measuresAccuracy ? Evaluate(cancellation).Confusion!.ByClass(_classNames) : null, LinearProbeAccuracy(cancellation));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _progress.Dispose();
        _step.Dispose();
        Method.Dispose();
        Train.Dispose();
        Test.Dispose();
    }

    /// <summary>Trains an epoch, or what is left of it. Between its beginning and its first step nothing is kept, so that it begins once.</summary>
    private EpochMetrics TrainEpoch(int epoch, IStateKeeper? keeper, CancellationToken cancellation)
    {
        RankCancellation.ThrowIfAny(_group, cancellation);
        RunClock clock = _progress.Clock;
        MetricSums sums = _progress.Sums;
        _evaluation = null;
        clock.StartTraining();
        TimeSpan reported = clock.Training;
        _step.BeginEpoch(epoch, isNew: sums.Steps == 0);
        while (sums.Steps < _step.StepsPerEpoch)
        {
            bool isAsked = _divergence.TakeStep(epoch, _group is not null && (cancellation.IsCancellationRequested || (_group.Rank != 0 && keeper?.IsDue == true)));
            (bool saves, bool stops) = AfterStep(isAsked, keeper, cancellation);
            if (saves)
            {
                keeper?.Save(State());
            }
            if (stops)
            {
                throw new OperationCanceledException(cancellation);
            }
            if (clock.Training - reported > s_progressInterval && sums.Steps < _step.StepsPerEpoch)
            {
                reported = clock.Training;
                var progress = new TrainingProgress(epoch, sums.Steps, _step.StepsPerEpoch, _progress.Metrics(), _progress.TimeLeft);
                Observers.Tell(observer => observer.OnProgress(progress));
            }
        }
        EpochMetrics metrics = _progress.Metrics();
        clock.StopTraining();
        return metrics;
    }

    /// <summary>What is to be done between two steps.</summary>
    /// <param name="isAsked">Of several ranks: whether one of them has asked the others to stop or to save by the step that is over.</param>
    /// <param name="keeper">Keeps the state.</param>
    /// <param name="cancellation">Of this rank.</param>
    private (bool Saves, bool Stops) AfterStep(bool isAsked, IStateKeeper? keeper, CancellationToken cancellation)
    {
        if (_group is null)
        {
            return (cancellation.IsCancellationRequested || keeper?.IsDue == true, cancellation.IsCancellationRequested);
        }
        return isAsked ? (true, _group.Any(cancellation.IsCancellationRequested)) : (_group.Rank == 0 && keeper?.IsDue == true, false);
    }

    /// <summary>What the rest of the run depends on, if it is sound.</summary>
    private TrainingState State()
    {
        _divergence.RequireSoundWeights();
        return TrainingState.Capture(_registry.Document.Write(_settings), _dataFingerprint, _progress.Position(), Method, _step.Optimizer);
    }
}
