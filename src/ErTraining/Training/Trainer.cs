using System.Diagnostics;
using ErLoss.Modules;
using ErTraining.Data;
using ErTraining.Evaluation;
using ErTraining.Methods;
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
    private readonly Generator _viewGenerator;
    private readonly int _stepsPerEpoch;
    private readonly long _steps;
    private readonly WarmupCosine _schedule;
    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();
    private readonly Stopwatch _training = new();

    /// <summary>Puts the data on the device and draws the initial weights.</summary>
    /// <exception cref="DataException">Fewer training images than a batch, or too few to evaluate on.</exception>
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

        _method = Untrained(settings, data.Train.Count);
        _method.to(device);
        _stepsPerEpoch = data.Train.Count / settings.BatchSize;
        _steps = (long)settings.Epochs * _stepsPerEpoch;
        double learningRate = settings.LearningRate ?? Optimizers.DefaultLearningRate(settings.Optimizer);
        double warmupEpochs = settings.WarmupEpochs ?? WarmupFraction * settings.Epochs;
        _schedule = new WarmupCosine(learningRate, Math.Min((long)(warmupEpochs * _stepsPerEpoch), _steps), _steps);
        _optimizer = Optimizers.Create(settings, _method);
        _viewGenerator = new Generator(0, device);
    }

    /// <summary>Makes the global generator ready to draw the initial weights, the encoder's first.</summary>
    public static void SeedWeights(int seed) => manual_seed(StreamSeed(seed, RandomPurpose.Weights, 0));

    /// <summary>The method as a run starts, its weights drawn by the seed, on the CPU.</summary>
    /// <param name="settings">Of the run.</param>
    /// <param name="images">Number of training images.</param>
    public static TwoViewMethod Untrained(TrainingSettings settings, int images)
    {
        SeedWeights(settings.Seed);
        return MethodCatalog.Create(settings.Method, settings.Encoder, MethodSettings(settings, images));
    }

    /// <summary>The method being trained, with its encoder.</summary>
    public TwoViewMethod Method => _method;

    /// <summary>Evaluates, trains all epochs, and evaluates again.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the method is as the last whole step left it.</exception>
    /// <exception cref="TrainingFailedException">The loss is no longer a finite number.</exception>
    public RunResult Run(CancellationToken cancellation)
    {
        double knnBefore = NearestNeighbours.Accuracy(_method.Encoder, _train, _test);
        _observer.OnStart(knnBefore);
        EpochMetrics? last = null;
        for (int epoch = 1; epoch <= _settings.Epochs; epoch++)
        {
            last = TrainEpoch(epoch, cancellation);
            CollapseIndicators indicators = CollapseIndicators.Measure(_method, _test);
            last = last with { EffectiveRank = indicators.EffectiveRank, MeanCosine = indicators.MeanCosine, Perplexity = indicators.Perplexity };
            if (IsEvaluated(epoch))
            {
                last = last with { KnnAccuracy = NearestNeighbours.Accuracy(_method.Encoder, _train, _test) };
            }
            _observer.OnEpoch(last, TimeLeft((long)epoch * _stepsPerEpoch));
        }
        double trained = (double)_settings.Epochs * _stepsPerEpoch * _settings.BatchSize;
        return new RunResult(
            _settings.Method,
            _settings.Objective,
            _device.ToString(),
            _settings.Seed,
            _settings.Epochs,
            (int)_train.Count,
            _sinceStart.Elapsed.TotalSeconds,
            trained == 0 ? 0 : trained / _training.Elapsed.TotalSeconds,
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
        _viewGenerator.Dispose();
        _optimizer.Dispose();
        _method.Dispose();
        _train.Dispose();
        _test.Dispose();
    }

    private EpochMetrics TrainEpoch(int epoch, CancellationToken cancellation)
    {
        _training.Start();
        TimeSpan began = _training.Elapsed, reported = began;
        using var sums = new MetricSums(_device);
        _method.BeginEpoch(_train.Pixels, new RandomStream(_settings.Seed, (int)RandomPurpose.Method, epoch));
        using Tensor order = tensor(
            _method.Order((int)_train.Count, new RandomStream(_settings.Seed, (int)RandomPurpose.Order, epoch)), device: _device);
        _method.train();
        for (int step = 0; step < _stepsPerEpoch; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            Step(order, epoch, step, sums);
            if (_training.Elapsed - reported > ProgressInterval && step + 1 < _stepsPerEpoch)
            {
                reported = _training.Elapsed;
                TimeSpan left = TimeLeft((epoch - 1L) * _stepsPerEpoch + step + 1);
                _observer.OnProgress(new TrainingProgress(epoch, step + 1, _stepsPerEpoch, Metrics(step + 1), left));
            }
        }
        EpochMetrics metrics = Metrics(_stepsPerEpoch);
        _training.Stop();
        return metrics;

        EpochMetrics Metrics(int steps)
        {
            double[] means = sums.Means();
            if (!double.IsFinite(means[0]))
            {
                throw new TrainingFailedException(
                    $"The loss became {means[0]} by step {steps} of epoch {epoch}; a smaller --learning-rate usually cures this.");
            }
            double imagesPerSecond = steps * _settings.BatchSize / (_training.Elapsed - began).TotalSeconds;
            double learningRate = _schedule.At((epoch - 1L) * _stepsPerEpoch + steps - 1);
            return new EpochMetrics(epoch, means[0], means[1], means[2], means[3], learningRate, imagesPerSecond);
        }
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
        _viewGenerator.manual_seed(StreamSeed(_settings.Seed, RandomPurpose.Views, (int)stepOfRun));
        Tensor indices = order.narrow(0, (long)step * _settings.BatchSize, _settings.BatchSize);
        (Tensor view1, Tensor view2) = TwoViews.Of(_train.Pixels.index_select(0, indices), _viewGenerator);

        MethodTerms terms = _method.call(new ViewBatch(view1, view2, indices));
        _optimizer.zero_grad();
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

    private static long StreamSeed(int seed, RandomPurpose purpose, int index) => new RandomStream(seed, (int)purpose, index).NextBits();

    private TimeSpan TimeLeft(long stepsDone) =>
        _training.Elapsed * ((double)(_steps - stepsDone) / stepsDone);

    private static MethodSettings MethodSettings(TrainingSettings settings, int images)
    {
        MethodDescription description = MethodCatalog.Describe(settings.Method);
        return new MethodSettings(
            settings.Objective,
            new EntropyReconstructionOptions
            {
                Kappa = settings.Kappa,
                LearnKappa = settings.LearnKappa,
                Estimator = settings.Estimator ?? description.UsualEstimator,
                LeaveOneOut = settings.LeaveOneOut,
                EntropyWeight = settings.EntropyWeight,
            })
        {
            Images = images,
            TeacherMomentum = new TeacherMomentum(
                settings.Ema ?? description.UsualMomentum ?? 0, RisesToOne: settings.EmaSchedule == EmaSchedule.Cosine),
            Centering = settings.Centering,
            HiddenDimension = settings.HiddenDimension,
            ProjectionDimension = settings.ProjectionDimension,
            Prototypes = settings.Prototypes,
        };
    }
}
