using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Normalization;
using ErLoss.Training.Data;
using ErLoss.Training.Distributed;
using ErLoss.Training.Methods;
using ErLoss.Training.Randomness;
using ErLoss.Training.Views;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>
/// What is done for each batch: two views of its images and small crops if there are some, their projections, the loss and its gradient, and a step of the optimizer at the schedule's
/// learning rate.
/// </summary>
/// <remarks>
/// Every random number comes from a stream that is named by the seed, its purpose and the epoch or step, so that a step's draws do not
/// depend on what came before it.
/// </remarks>
internal sealed class TrainingStep : IDisposable
{
    private readonly RunSettings _settings;
    private readonly ImageTensors _images;
    private readonly ProcessGroup? _group;
    private readonly Share _share;
    private readonly GradientBuffer? _gradients; // where there are several ranks
    private readonly TwoViews _views;
    private readonly SmallCrops? _smallCrops;
    private readonly Generator _viewGenerator;
    private ImageBatches? _batches;

    /// <summary>Makes optimizer and schedule for a method.</summary>
    /// <param name="settings">Those of the run.</param>
    /// <param name="method">Trained in place; it stays its owner's.</param>
    /// <param name="images">The training images, for the method's device; they stay their owner's.</param>
    /// <param name="group">The ranks that share each batch; null if one process takes the steps.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer images than a batch.</exception>
    public TrainingStep(RunSettings settings, TwoViewMethod method, ImageTensors images, ProcessGroup? group = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images.Count, settings.BatchSize, nameof(images));
        _settings = settings;
        _images = images;
        _group = group;
        _share = Share.Of(settings.BatchSize, group);
        _gradients = group is null ? null : new GradientBuffer(method, group, _share, OwnStatistics(method));
        Method = method;
        StepsPerEpoch = (int)(images.Count / settings.BatchSize);
        Steps = (long)settings.Epochs * StepsPerEpoch;
        Schedule = new RunSchedule(settings, StepsPerEpoch);
        Optimizer = settings.Optimizer.Create(method);
        _views = new TwoViews(images.Device, images.Size, settings.Views);
        _smallCrops = settings.Crops.SmallCrops > 0 ? new SmallCrops(images.Device, images.Size, settings.Crops, settings.Views) : null;
        _viewGenerator = new Generator(0, CPU);
    }

    /// <summary>What is trained.</summary>
    public TwoViewMethod Method { get; }

    /// <summary>Who moves its weights.</summary>
    public optim.Optimizer Optimizer { get; private set; }

    /// <summary>Whole batches in an epoch.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>Steps of all epochs.</summary>
    public long Steps { get; }

    /// <summary>How the learning rate goes over the steps.</summary>
    public RunSchedule Schedule { get; }

    /// <summary>Puts the images in an epoch's order and the method into training mode.</summary>
    /// <param name="epoch">Counted from one.</param>
    /// <param name="isNew">Whether no step of it has been taken yet: what a method prepares for an epoch, it prepares once.</param>
    public void BeginEpoch(int epoch, bool isNew)
    {
        if (isNew)
        {
            Method.BeginEpoch(() => _images.FeaturesOf(Method.Encoder, group: _group), new RandomStream(_settings.Seed, RandomPurpose.Method, epoch));
        }
        long[] order = Method.Order((int)_images.Count, new RandomStream(_settings.Seed, RandomPurpose.Order, epoch));
        _batches?.Dispose();
        _batches = _images.Batches(_share.IsWhole ? order : OwnOf(order), (int)_share.Count);
        Method.train();
    }

    /// <summary>Takes a step of the epoch that was begun.</summary>
    /// <param name="epoch">Counted from one.</param>
    /// <param name="step">Counted from zero within the epoch.</param>
    /// <param name="sums">Where the step's terms are added.</param>
    /// <param name="wantsStop">Whether this rank wants all ranks to stop after the step, or to keep their state.</param>
    /// <returns>Whether any rank wants it: the same on every rank.</returns>
    public bool Take(int epoch, int step, MetricSums sums, bool wantsStop = false)
    {
        long stepOfRun = (epoch - 1L) * StepsPerEpoch + step;
        if (Schedule.HasNewOptimizerAt(stepOfRun))
        {
            Optimizer.Dispose();
            Optimizer = _settings.Optimizer.Create(Method);
        }
        using var scope = NewDisposeScope();
        MethodTerms terms = Method.call(Batch(step, stepOfRun));
        Method.zero_grad(); // to none, which saves filling and adding
        terms.Loss.backward();
        bool isStop = _gradients?.Sum(wantsStop) ?? wantsStop;
        foreach (var group in Optimizer.ParamGroups)
        {
            group.LearningRate = Schedule.LearningRateAt(stepOfRun);
        }
        Optimizer.step();
        Method.AfterStep(Schedule.ProgressAfter(stepOfRun));
        sums.Add(terms);
        return isStop;
    }

    /// <summary>What the method is given at a step: two views of each image of this rank's share of the batch, and small crops if there are some.</summary>
    /// <param name="step">Counted from zero within the epoch that was begun.</param>
    /// <param name="stepOfRun">Counted from zero over all epochs.</param>
    /// <returns>The batch, in the caller's dispose scope.</returns>
    public ViewBatch Batch(int step, long stepOfRun)
    {
        Tensor indices = _batches!.Indices(step), images = _batches.Images(step);
        (Tensor view1, Tensor view2) = _views.Draw(images, Seeded(RandomPurpose.Views), _share);
        return new ViewBatch(view1, view2, indices, _smallCrops?.Draw(images, Seeded(RandomPurpose.SmallCrops), _share)) { Total = _share.Total };

        Generator Seeded(RandomPurpose purpose)
        {
            _viewGenerator.manual_seed(RandomStream.Seed(_settings.Seed, purpose, stepOfRun));
            return _viewGenerator;
        }
    }

    /// <summary>The running statistics of batch normalisations that each rank computes by its own rows.</summary>
    private static IEnumerable<Tensor> OwnStatistics(TwoViewMethod method) => method.modules().OfType<BatchNorm>()
        .Where(normalization => normalization is not SyncBatchNorm { Group: not null })
        .SelectMany(normalization => (Tensor?[])[normalization.running_mean, normalization.running_var])
        .OfType<Tensor>();

    /// <summary>Of an epoch's order, the images in this rank's share of each batch.</summary>
    private long[] OwnOf(long[] order) =>
        [.. Enumerable.Range(0, StepsPerEpoch).SelectMany(batch => order.Skip((int)((batch * _share.Total) + _share.Start)).Take((int)_share.Count))];

    /// <inheritdoc/>
    public void Dispose()
    {
        _batches?.Dispose();
        _gradients?.Dispose();
        _viewGenerator.Dispose();
        _views.Dispose();
        _smallCrops?.Dispose();
        Optimizer.Dispose();
    }
}
