using System.Text.RegularExpressions;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErTraining.Reports;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Placement;

/// <summary>What is computed on the CPU is computed there, though the default device be another: it is all as it is without one.</summary>
[NonParallelizable]
internal sealed class DefaultDeviceTests : TensorTests
{
    private static readonly ImageData s_data = SyntheticImages.Create(32, 10, seed: 0), s_small = SyntheticImages.Create(32, 10, seed: 0, size: 16);

    private static IEnumerable<TestCaseData> Methods =>
        from name in Registry.Default.Methods.Keys from objective in Enum.GetValues<Objective>() select new TestCaseData(name, objective);

    [TestCaseSource(nameof(Methods))]
    public void A_run_comes_to_the_same_numbers(string method, Objective objective)
    {
        string smallCrops = method is "dino" or "swav" ? "small_crops=1 small_crop_size=8" : "";
        AssertSame(Given.Settings($"image_size=16 method={method} objective={objective.ToString().ToLowerInvariant()} epochs=1 batch_size=16 hidden_dimension=16 {smallCrops}"));
    }

    [TestCase("sgd")]
    [TestCase("lars")]
    public void A_run_with_another_optimizer_comes_to_the_same_numbers(string optimizer) =>
        AssertSame(Given.Settings($"image_size=16 epochs=2 batch_size=16 hidden_dimension=16 optimizer={optimizer}"));

    [Test]
    public void A_run_in_bfloat16_comes_to_the_same_numbers() =>
        AssertSame(Given.Settings("image_size=16 method=byol epochs=1 batch_size=16 hidden_dimension=16 precision=bfloat16 queue=20"));

    [Test]
    public void ResNet18_has_the_same_features()
    {
        Assert.That(OnMeta(FeatureSum), Is.EqualTo(FeatureSum()).And.Not.Zero.And.Not.NaN);

        static double FeatureSum()
        {
            manual_seed(5);
            using var encoder = new ResNet18();
            using var images = new ImageTensors(s_data.Test.Take(4), CPU);
            return images.FeaturesOf(encoder).square().sum().ToDouble();
        }
    }

    [Test]
    public void Evaluation_comes_to_the_same_accuracies()
    {
        (double, LinearProbeResult) here = Evaluate(), there = OnMeta(Evaluate);
        Assert.Multiple(() =>
        {
            Assert.That(there, Is.EqualTo(here));
            Assert.That(here.Item1, Is.GreaterThan(0));
            Assert.That(here.Item2.TrainAccuracy, Is.GreaterThan(0.5));
        });

        static (double, LinearProbeResult) Evaluate()
        {
            manual_seed(5);
            using var encoder = new ConvNet();
            using var train = new ImageTensors(s_data.Train, CPU);
            using var test = new ImageTensors(s_data.Test, CPU);
            Tensor ofTrain = train.FeaturesOf(encoder), ofTest = test.FeaturesOf(encoder);
            return (
                NearestNeighbours.Accuracy(ofTrain, train.Labels, ofTest, test.Labels, train.ClassCount),
                LinearProbe.Evaluate(ofTrain, train.Labels, ofTest, test.Labels, train.ClassCount));
        }
    }

    [Test]
    public void The_report_shows_the_same_pictures()
    {
        using var folder = new TemporaryDirectory();
        string[] here = Pictures(), there = OnMeta(Pictures);
        Assert.That(there, Is.EqualTo(here));
        Assert.That(here, Has.Length.EqualTo(4), "views, neighbours before and after training, and the images of the maps");

        string[] Pictures()
        {
            RunSettings settings = Given.Settings("image_size=16 method=swav small_crops=3 epochs=1 batch_size=16 hidden_dimension=16");
            using var trainer = new Trainer(Registry.Default, settings, s_small, CPU);
            RunResult result = trainer.Run(CancellationToken.None);
            RunPictures pictures = RunPictures.Draw(Registry.Default, settings, s_small.Train.ClassNames, result, trainer);
            Report.Write(folder["report.html"], Registry.Default, settings, s_small, result, pictures);
            return [.. Regex.Matches(File.ReadAllText(folder["report.html"]), "class=\"sheet\"[^>]*base64,([^\"]+)").Select(picture => picture.Groups[1].Value)];
        }
    }

    /// <summary>Trains, goes on from what the first epoch left, and compares metrics.</summary>
    private static void AssertSame(RunSettings settings)
    {
        double?[] here = Metrics(settings), there = OnMeta(() => Metrics(settings));
        Assert.Multiple(() =>
        {
            Assert.That(there, Is.EqualTo(here));
            Assert.That(here.OfType<double>(), Has.None.NaN.And.Some.Not.Zero);
        });
    }

    private static double?[] Metrics(RunSettings settings)
    {
        var states = new States();
        var observer = new Epochs();
        using (var trainer = new Trainer(Registry.Default, settings, s_small, CPU) { Observers = { observer } })
        {
            trainer.Run(CancellationToken.None, states);
        }
        using var resumed = new Trainer(Registry.Default, settings, s_small, CPU);
        resumed.Restore(states.Kept[1]);
        RunResult again = resumed.Run(CancellationToken.None);
        return
        [
            .. observer.Done.SelectMany(epoch => (double?[])
                [epoch.Loss, epoch.Entropy, epoch.Reconstruction, epoch.MutualInformationBound, epoch.EffectiveRank, epoch.MeanCosine, epoch.Perplexity, epoch.KnnAccuracy, epoch.ViewRetrieval]),
            again.Loss,
            again.KnnAccuracy,
        ];
    }

    private static T OnMeta<T>(Func<T> compute)
    {
        using DefaultDevice other = DefaultDevice.IsMeta();
        return compute();
    }

    private sealed class States : IStateKeeper
    {
        public List<TrainingState> Kept { get; } = [];

        public bool IsDue => false;

        public void Save(TrainingState state) => Kept.Add(state);
    }

    private sealed class Epochs : ITrainingObserver
    {
        public List<EpochMetrics> Done { get; } = [];

        public void OnStart(double? knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
        {
        }

        public void OnProgress(TrainingProgress progress)
        {
        }

        public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft) => Done.Add(metrics);
    }
}
