using ErTraining.Compute;
using ErTraining.Data;
using ErTraining.Encoders;
using ErTraining.Evaluation;
using ErTraining.Methods;
using ErTraining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Training;

/// <summary>Trains an encoder on two views of unlabelled images: bytes, two views, projections, loss, optimizer, metrics.</summary>
/// <remarks>
/// Every random number comes from a stream that is named by the seed, its purpose and the epoch or step, so that a step's draws do not
/// depend on what came before it, and on CPU the same seed and thread count give the same metrics to the last bit.
/// </remarks>
internal sealed class Trainer : IDisposable
{
    private const double WarmupFraction = 0.1;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    private readonly TrainingSettings _settings;
    private readonly Device _device;
    private readonly ITrainingObserver _observer;
    private readonly ImageTensors _train, _test;
    private readonly TwoViewMethod _method;
    private readonly optim.Optimizer _optimizer;
    private readonly TwoViews _views;
    private readonly Generator _viewGenerator;
    private readonly int _stepsPerEpoch;
    private readonly long _steps;
    private readonly WarmupCosine _schedule;
    private readonly string _dataFingerprint;
    private readonly List<EpochMetrics> _epochs = [];
    private double? _knnAccuracyBefore;
    private MetricSums _sums;
    private RunClock _clock = new(TimeSpan.Zero, TimeSpan.Zero);
    private TimeSpan _epochBegan;

    /// <summary>Puts the data on the device and draws the initial weights.</summary>
    /// <exception cref="DataException">Fewer training images than a batch, too few to evaluate on, or an encoder's weights that are none.</exception>
    public Trainer(TrainingSettings settings, ImageData data, Device device, ITrainingObserver observer)
    {
        if (data.Train.Count < settings.BatchSize)
        {
            throw new DataException(
                $"{data.Name}: {data.Train.Count} training images are fewer than a batch of {settings.BatchSize}; use a smaller --batch-size or more images.");
        }
        _settings = settings;
        _device = device;
        _observer = observer;
        _train = new ImageTensors(data.Train, device);
        _test = new ImageTensors(data.Test, device);
        _dataFingerprint = data.Fingerprint();

        _method = Untrained(settings, data.Train.Count);
        _method.to(device);
        _stepsPerEpoch = data.Train.Count / settings.BatchSize;
        _steps = (long)settings.Epochs * _stepsPerEpoch;
        double learningRate = settings.LearningRate ?? Optimizers.DefaultLearningRate(settings.Optimizer);
        double warmupEpochs = settings.WarmupEpochs ?? WarmupFraction * settings.Epochs;
        _schedule = new WarmupCosine(learningRate, Math.Min((long)(warmupEpochs * _stepsPerEpoch), _steps), _steps);
        _optimizer = Optimizers.Create(settings, _method);
        _views = new TwoViews(device);
        _viewGenerator = new Generator(0, CPU);
        _sums = new MetricSums(device);
    }

    /// <summary>Makes the global generator ready to draw the initial weights, the encoder's first.</summary>
    public static void SeedWeights(int seed) => manual_seed(RandomStream.Seed(seed, RandomPurpose.Weights, 0));

    /// <summary>The method as a run starts, its weights drawn by the seed, or its encoder's read from a file, on the CPU.</summary>
    /// <param name="settings">Of the run.</param>
    /// <param name="images">Number of training images.</param>
    public static TwoViewMethod Untrained(TrainingSettings settings, int images)
    {
        SeedWeights(settings.Seed);
        return MethodCatalog.Create(settings.Method, () => InitialEncoder(settings), settings.ForMethod(images));
    }

    /// <summary>The encoder as a run starts: its weights drawn from the global generator, or those of a file.</summary>
    /// <exception cref="DataException">The file cannot be read, is not sound, or is of another encoder.</exception>
    public static Encoder InitialEncoder(TrainingSettings settings)
    {
        Encoder encoder = EncoderCatalog.Create(settings.Encoder);
        encoder.TrainingType = settings.Precision == Precision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        if (settings.Weights is { } file)
        {
            EncoderFile.Read(file, encoder);
        }
        return encoder;
    }

    /// <summary>The method being trained, with its encoder.</summary>
    public TwoViewMethod Method => _method;

    /// <summary>Takes up a run where it was; before <see cref="Run"/>.</summary>
    /// <exception cref="DataException">The state is of other settings, of other images or of another make; the message says which.</exception>
    public void Restore(TrainingState state)
    {
        RunPosition position = state.Position;
        long steps = position.StepsDone - (long)position.Epochs.Count * _stepsPerEpoch;
        state.CheckIsOf(_settings, _dataFingerprint);
        if (position.Epochs.Count > _settings.Epochs || steps < 0 || steps > _stepsPerEpoch)
        {
            throw new DataException($"The checkpoint is of {position.Epochs.Count} epochs and {position.StepsDone} steps, which is no place in this run.");
        }
        state.Restore(_method, _optimizer);
        _knnAccuracyBefore = position.KnnAccuracyBefore;
        _epochs.AddRange(position.Epochs);
        _sums.Dispose();
        _sums = new MetricSums(_device, position.MetricSums, (int)steps);
        _clock = new RunClock(position.Elapsed, position.Training);
        _epochBegan = position.Training - position.EpochTraining;
    }

    /// <summary>Evaluates, trains all epochs, and evaluates again; or what of that is left to do of a run that was taken up.</summary>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <param name="keeper">Keeps its state: at the start, after each epoch, whenever it is due and when it is cancelled.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the method is as the last whole step left it.</exception>
    /// <exception cref="TrainingFailedException">The loss or a weight is no longer a finite number; no such state is kept.</exception>
    /// <exception cref="WrongFeaturesException">This machine computes the encoder's features wrongly; nothing was begun.</exception>
    public RunResult Run(CancellationToken cancellation, IStateKeeper? keeper = null)
    {
        FeatureCheck.Require(_method.Encoder, _train.Pixels.shape[2]);
        if (_knnAccuracyBefore is null)
        {
            _knnAccuracyBefore = NearestNeighbours.Accuracy(_method.Encoder, _train, _test, cancellation);
            keeper?.Save(State());
        }
        double knnBefore = _knnAccuracyBefore.Value;
        _observer.OnStart(knnBefore, _epochs, _sums.Steps);
        while (_epochs.Count < _settings.Epochs)
        {
            EpochMetrics metrics = TrainEpoch(_epochs.Count + 1, keeper, cancellation);
            RequireFiniteWeights();
            CollapseIndicators indicators = CollapseIndicators.Measure(_method, _test);
            _epochs.Add(metrics with
            {
                EffectiveRank = indicators.EffectiveRank,
                MeanCosine = indicators.MeanCosine,
                Perplexity = indicators.Perplexity,
                KnnAccuracy = IsEvaluated(metrics.Epoch) ? NearestNeighbours.Accuracy(_method.Encoder, _train, _test) : null,
            });
            FreedMemory.Bound();
            BeginSums();
            _observer.OnEpoch(_epochs[^1], TimeLeft());
            keeper?.Save(State());
        }
        EpochMetrics? last = _epochs.LastOrDefault();
        double trained = (double)_steps * _settings.BatchSize;
        return new RunResult(
            _settings.Method,
            _settings.Objective,
            _device.ToString(),
            _settings.Seed,
            _settings.Epochs,
            (int)_train.Count,
            _clock.Elapsed.TotalSeconds,
            trained == 0 ? 0 : trained / _clock.Training.TotalSeconds,
            knnBefore,
            last?.KnnAccuracy ?? knnBefore,
            last?.Loss,
            last?.Entropy,
            last?.Reconstruction,
            last?.MutualInformationBound);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sums.Dispose();
        _viewGenerator.Dispose();
        _views.Dispose();
        _optimizer.Dispose();
        _method.Dispose();
        _train.Dispose();
        _test.Dispose();
    }

    /// <summary>Trains an epoch, or what is left of it. Between its beginning and its first step nothing is kept, so that it begins once.</summary>
    private EpochMetrics TrainEpoch(int epoch, IStateKeeper? keeper, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        _clock.StartTraining();
        TimeSpan reported = _clock.Training;
        if (_sums.Steps == 0)
        {
            _method.BeginEpoch(_train.Pixels, new RandomStream(_settings.Seed, RandomPurpose.Method, epoch));
        }
        using Tensor order = tensor(
            _method.Order((int)_train.Count, new RandomStream(_settings.Seed, RandomPurpose.Order, epoch)), device: _device);
        _method.train();
        while (_sums.Steps < _stepsPerEpoch)
        {
            Step(order, epoch, _sums.Steps, _sums);
            if (cancellation.IsCancellationRequested || keeper?.IsDue == true)
            {
                keeper?.Save(State());
                cancellation.ThrowIfCancellationRequested();
            }
            if (_clock.Training - reported > ProgressInterval && _sums.Steps < _stepsPerEpoch)
            {
                reported = _clock.Training;
                _observer.OnProgress(new TrainingProgress(epoch, _sums.Steps, _stepsPerEpoch, Metrics(), TimeLeft()));
            }
        }
        EpochMetrics metrics = Metrics();
        _clock.StopTraining();
        return metrics;
    }

    /// <summary>One step: views, loss, gradient, weights, metrics.</summary>
    /// <param name="order">(n) int64: which images come in which place.</param>
    /// <param name="epoch">Counted from one.</param>
    /// <param name="step">Counted from zero within the epoch.</param>
    /// <param name="sums">Where the step's terms are added.</param>
    internal void Step(Tensor order, int epoch, int step, MetricSums sums)
    {
        using var scope = NewDisposeScope();
        long stepOfRun = (epoch - 1L) * _stepsPerEpoch + step;
        _viewGenerator.manual_seed(RandomStream.Seed(_settings.Seed, RandomPurpose.Views, stepOfRun));
        Tensor indices = order.narrow(0, (long)step * _settings.BatchSize, _settings.BatchSize);
        (Tensor view1, Tensor view2) = _views.Of(_train.Pixels.index_select(0, indices), _viewGenerator);

        MethodTerms terms = _method.call(new ViewBatch(view1, view2, indices));
        _method.zero_grad(); // to none, which saves filling and adding
        terms.Loss.backward();
        foreach (var group in _optimizer.ParamGroups)
        {
            group.LearningRate = _schedule.At(stepOfRun);
        }
        _optimizer.step();
        _method.AfterStep((stepOfRun + 1.0) / _steps);
        sums.Add(terms);
    }

    /// <summary>Whether one of the evenly spread evaluations falls on the end of an epoch.</summary>
    private bool IsEvaluated(int epoch) =>
        epoch == _settings.Epochs || (long)epoch * _settings.Evaluations / _settings.Epochs > (epoch - 1L) * _settings.Evaluations / _settings.Epochs;

    private long StepsDone => (long)_epochs.Count * _stepsPerEpoch + _sums.Steps;

    private TimeSpan TimeLeft() => _clock.Training * ((double)(_steps - StepsDone) / StepsDone);

    private void BeginSums()
    {
        _sums.Dispose();
        _sums = new MetricSums(_device);
        _epochBegan = _clock.Training;
    }

    /// <summary>Means over the steps of the epoch under way.</summary>
    private EpochMetrics Metrics()
    {
        double[] means = [.. FiniteSums().Select(sum => sum / _sums.Steps)];
        double imagesPerSecond = _sums.Steps * _settings.BatchSize / (_clock.Training - _epochBegan).TotalSeconds;
        return new EpochMetrics(_epochs.Count + 1, means[0], means[1], means[2], means[3], _schedule.At(StepsDone - 1), imagesPerSecond);
    }

    /// <summary>What the rest of the run depends on, if it is sound.</summary>
    private TrainingState State()
    {
        RequireFiniteWeights();
        var position = new RunPosition
        {
            KnnAccuracyBefore = _knnAccuracyBefore!.Value,
            Epochs = [.. _epochs],
            StepsDone = StepsDone,
            MetricSums = FiniteSums(),
            Elapsed = _clock.Elapsed,
            Training = _clock.Training,
            EpochTraining = _clock.Training - _epochBegan,
        };
        return TrainingState.Of(_settings, _dataFingerprint, position, _method, _optimizer);
    }

    private double[] FiniteSums()
    {
        try
        {
            return _sums.Sums();
        }
        catch (NotFiniteNumberException e)
        {
            throw Diverged(e.Message);
        }
    }

    private void RequireFiniteWeights()
    {
        using var scope = NewDisposeScope();
        if (_method.state_dict().FirstOrDefault(entry => !entry.Value.isfinite().all().item<bool>()).Key is { } name)
        {
            throw Diverged($"the weights '{name}' are no finite numbers after step {_sums.Steps}");
        }
    }

    private TrainingFailedException Diverged(string what) =>
        new($"Training diverged: {what} of epoch {_epochs.Count + 1}; a smaller --learning-rate usually cures this.");
}
