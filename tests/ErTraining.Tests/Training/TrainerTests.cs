using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Tests.Encoders;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Settings;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Training;

internal sealed class TrainerTests
{
    /// <summary>Of images of a quarter of the usual pixels, which are trained on in a quarter of the time.</summary>
    private const string Small = "image_size=16 encoder_width=8";

    private static readonly ImageData s_data = SyntheticImages.Create(512, 100, seed: 0, size: 16), s_few = SyntheticImages.Create(96, 40, seed: 0, size: 16);

    [TestCase(Objective.Er)]
    [TestCase(Objective.Native)]
    public void The_loss_falls(Objective objective)
    {
        var observer = new Recorder();
        Train(Given.Settings($"{Small} objective={objective.ToString().ToLowerInvariant()} epochs=3 batch_size=64 evaluations=1"), observer);
        Assert.Multiple(() =>
        {
            Assert.That(observer.Epochs, Has.Count.EqualTo(3));
            Assert.That(observer.Epochs[^1].Loss, Finite.LessThan(observer.Epochs[0].Loss - 0.1));
            Assert.That(observer.Epochs[^1].MutualInformationBound, Finite.GreaterThan(observer.Epochs[0].MutualInformationBound));
            Assert.That(observer.Epochs[^1].KnnAccuracy, Is.Not.Null);
            Assert.That(observer.Epochs.Select(epoch => epoch.ViewRetrieval is null), Is.EqualTo([true, true, false]), "measured with the kNN accuracy");
        });
    }

    [Test]
    public void The_same_seed_gives_the_same_metrics_to_the_last_bit_and_another_seed_does_not()
    {
        var settings = Given.Settings($"{Small} epochs=2 batch_size=32 learn_kappa");
        Recorder first = new(), again = new(), other = new();
        Train(settings, first, s_few);
        Train(settings, again, s_few);
        Train(settings with { Seed = 1 }, other, s_few);
        Assert.Multiple(() =>
        {
            Assert.That(again.Epochs.Select(Values), Is.EqualTo(first.Epochs.Select(Values)));
            Assert.That(again.KnnAccuracyBefore, Is.EqualTo(first.KnnAccuracyBefore));
            Assert.That(other.Epochs[0].Loss, Is.Not.EqualTo(first.Epochs[0].Loss));
        });
    }

    [Test]
    public void With_equal_weights_and_own_kernels_the_er_loss_is_the_bound_negated()
    {
        var observer = new Recorder();
        Train(Given.Settings($"{Small} epochs=1 batch_size=32 keep_own"), observer, s_few);
        EpochMetrics epoch = observer.Epochs.Single();
        Assert.Multiple(() =>
        {
            Assert.That(epoch.Loss, Finite.Near(-epoch.MutualInformationBound, 1e-5));
            Assert.That(epoch.Entropy - epoch.Reconstruction, Finite.Near(epoch.MutualInformationBound, 1e-3));
        });
    }

    [Test]
    public void A_machine_that_computes_features_wrongly_is_refused_before_anything_is_done()
    {
        var observer = new Recorder();
        using var trainer = new Trainer(Registry.Default, Given.Settings($"{Small} batch_size=64"), s_few, CPU) { Observers = { observer } };
        FaultyConvolution.Spoil(trainer.Method.Encoder, maps => maps.shape[0] > 1, maps => maps[1].mul_(0.6));
        Assert.That(() => trainer.Run(CancellationToken.None), Throws.TypeOf<WrongFeaturesException>());
        Assert.That(observer.KnnAccuracyBefore, Is.Zero.Or.Null, "nothing was evaluated");
    }

    [Test]
    public void No_epochs_only_evaluate_the_untrained_encoder()
    {
        var observer = new Recorder();
        RunResult result = Train(Given.Settings("image_size=16 epochs=0 batch_size=64 linear_probe"), observer, s_few);
        Assert.Multiple(() =>
        {
            Assert.That(observer.Epochs, Is.Empty);
            Assert.That(result.KnnAccuracy, Is.EqualTo(result.KnnAccuracyBefore));
            Assert.That(result.ViewRetrieval, Is.EqualTo(result.ViewRetrievalBefore).And.Not.Null);
            Assert.That(result.LinearProbeAccuracy, Is.EqualTo(result.LinearProbeAccuracyBefore));
            Assert.That(result.LinearProbeAccuracy, Is.InRange(0.12, 1.0), "chance is a tenth");
            Assert.That(result.Loss, Is.Null);
        });
    }

    [Test]
    public void Images_without_labels_are_trained_on_and_no_accuracy_is_claimed()
    {
        var data = new ImageData("photographs", Unlabelled(s_few.Train), Unlabelled(s_few.Test));
        Recorder observer = new(), labelled = new();
        RunSettings settings = Given.Settings($"{Small} epochs=1 batch_size=32");
        RunResult result = Train(settings, observer, data);
        Train(settings, labelled, s_few);
        Assert.Multiple(() =>
        {
            Assert.That((result.KnnAccuracyBefore, result.KnnAccuracy, result.Used!.KnnNeighbours), Is.EqualTo(((double?)null, (double?)null, (int?)null)));
            Assert.That((result.KnnAccuracyInterval, result.KnnAccuracyBeforeInterval), Is.EqualTo(((object?)null, (object?)null)));
            Assert.That(observer.KnnAccuracyBefore, Is.Null);
            Assert.That(result.ViewRetrievalBefore, Is.InRange(0.0, 1.0));
            Assert.That(result.ViewRetrieval, Is.EqualTo(observer.Epochs[0].ViewRetrieval).And.Not.Null);
            Assert.That(observer.Epochs[0] with { ImagesPerSecond = 0 }, Is.EqualTo(labelled.Epochs[0] with { ImagesPerSecond = 0, KnnAccuracy = null }), "all else is as with labels");
        });
    }

    [Test]
    public void The_images_with_labels_alone_count_for_the_accuracy_and_none_is_claimed_without_one_for_tests()
    {
        ImageSet train = s_few.Train, test = s_few.Test, other = SyntheticImages.Create(60, 1, seed: 9, size: 16).Train;
        ImageSet part = new([.. train.Pixels, .. other.Pixels], [.. train.Labels, .. Enumerable.Repeat(ImageSet.NoLabel, other.Count)], train.ClassNames, train.Size);
        RunSettings settings = Given.Settings($"{Small} epochs=0 batch_size=32");
        RunResult whole = Result(s_few), partly = Result(s_few with { Train = part }), untested = Result(s_few with { Train = part, Test = Unlabelled(test) });
        Assert.Multiple(() =>
        {
            Assert.That((partly.Images, partly.LabelledImages, partly.LabelledTestImages, partly.Used!.KnnNeighbours), Is.EqualTo((156, 96, 40, 9)));
            Assert.That(partly.KnnAccuracy, Is.EqualTo(whole.KnnAccuracy));
            Assert.That(partly.KnnAccuracyInterval, Is.EqualTo(whole.KnnAccuracyInterval));
            Assert.That((untested.LabelledImages, untested.LabelledTestImages, untested.KnnAccuracy, untested.Used!.KnnNeighbours), Is.EqualTo((96, 0, (double?)null, (int?)null)));
        });

        RunResult Result(ImageData data)
        {
            using var trainer = new Trainer(Registry.Default, settings, data, CPU);
            return trainer.Run(CancellationToken.None);
        }
    }

    [Test]
    public void Steps_leave_no_tensor_alive()
    {
        using var images = new ImageTensors(s_few.Train, CPU);
        RunSettings settings = Given.Settings($"{Small} method=dino epochs=4 batch_size=24 small_crops=1 small_crop_size=8");
        using TwoViewMethod method = InitialWeights.Method(Registry.Default, settings, (int)images.Count);
        using var step = new TrainingStep(settings, method, images);
        using var sums = new MetricSums(CPU);
        step.BeginEpoch(1, isNew: true);
        step.Take(1, 0, sums); // the optimizer's state comes alive here
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        for (int i = 1; i < 4; i++)
        {
            step.Take(1, i, sums);
        }
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
    }

    [Test]
    public void A_disposed_run_leaves_no_tensor_alive()
    {
        RunSettings settings = Given.Settings($"{Small} epochs=1 batch_size=32");
        Train(settings, new Recorder(), s_few);
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Train(settings, new Recorder(), s_few);
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
    }

    [Test]
    public void A_loss_that_is_no_number_ends_the_run_and_says_so()
    {
        var settings = Given.Settings($"{Small} epochs=2 batch_size=32 optimizer=sgd learning_rate=1e30");
        Assert.That(() => Train(settings, new Recorder(), s_few), Throws.TypeOf<TrainingFailedException>().With.Message.Match("^Training diverged: .* step [0-9]+ of epoch [12];"));
    }

    [TestCase(20)]
    [TestCase(-20)]
    [TestCase(double.NaN)]
    public void A_learnt_kappa_that_leaves_its_range_ends_the_run_by_its_own_name(double logKappa)
    {
        using var trainer = new Trainer(Registry.Default, Given.Settings($"{Small} epochs=1 batch_size=96 learn_kappa"), s_few, CPU);
        using (no_grad())
        {
            trainer.Method.named_parameters().Single(p => p.name.EndsWith("kappa", StringComparison.Ordinal)).parameter.fill_(logKappa);
        }
        Assert.That(
            () => trainer.Run(CancellationToken.None),
            Throws.TypeOf<TrainingFailedException>().With.Message.StartsWith("Training diverged: the learnt kappa has become ").And.Message.Match("which is not from 1e-6 to 1e6, by step [01] of epoch 1;"));
    }

    [Test]
    public void Fewer_images_than_a_batch_are_refused() =>
        Assert.That(
            () => Train(new RunSettings { BatchSize = 513 }, new Recorder()),
            Throws.TypeOf<SettingsException>().With.Message.StartsWith("batch_size is 513, but synthetic has 512 training images"));

    [Test]
    public void Cancelling_stops_within_an_epoch()
    {
        using var cancellation = new CancellationTokenSource();
        using var trainer = new Trainer(
            Registry.Default, Given.Settings($"{Small} epochs=1000 batch_size=32"), s_few, CPU)
        { Observers = { new Recorder { OnFirstEpoch = cancellation.Cancel } } };
        Assert.That(() => trainer.Run(cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private static RunResult Train(RunSettings settings, Recorder observer, ImageData? data = null)
    {
        using var trainer = new Trainer(Registry.Default, settings, data ?? s_data, CPU) { Observers = { observer } };
        return trainer.Run(CancellationToken.None);
    }

    private static ImageSet Unlabelled(ImageSet images) => new(images.Source, [], [], images.Size);

    private static EpochMetrics Values(EpochMetrics metrics) => metrics with { ImagesPerSecond = 0 };

    private sealed class Recorder : ITrainingObserver
    {
        public Action? OnFirstEpoch { get; init; }

        public double? KnnAccuracyBefore { get; private set; }

        public List<EpochMetrics> Epochs { get; } = [];

        public void OnStart(double? knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone) => KnnAccuracyBefore = knnAccuracyBefore;

        public void OnProgress(TrainingProgress progress)
        {
        }

        public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft)
        {
            Epochs.Add(metrics);
            OnFirstEpoch?.Invoke();
        }
    }
}
