using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Normalization;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Encoders;
using ErLoss.Training.Methods;
using ErLoss.Training.Settings;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Tests.Training;

/// <summary>Training steps of several ranks are those of one process with the whole batch: terms, gradients, weights and all that a method keeps.</summary>
internal sealed class DataParallelTests : TensorTests
{
    private const int Images = 23, BatchSize = 7, Size = 8;

    /// <summary>Of float64. Every rank rounds sums of its own, and steps multiply what is lost.</summary>
    private const double Tolerance = 1e-10;

    /// <summary>Of float32, in which DeepCluster computes features of all images.</summary>
    private const double ToleranceOfSingles = 2e-5;

    private static readonly Lock s_generator = new();

    private static readonly ImageSet s_images = new(Bytes(), new int[Images], ["one"], Size);

    private static IEnumerable<string> Forms =>
    [
        .. from method in Registry.Default.Methods.Keys from objective in (string[])["er", "native"] select $"method={method} objective={objective}",
        "method=simclr learn_kappa estimator=plugin",
        "method=simclr queue=10 keep_own estimator=plugin",
        "method=byol queue=40",
        "method=byol objective=native regression=cosines output_norm",
        "method=dino small_crops=2 small_crop_size=8",
        "method=dino objective=native small_crops=1 small_crop_size=8",
        "method=swav objective=native small_crops=2 small_crop_size=8 prototype_layer=linear",
        "method=simclr hidden_norm=false crop_fit=redraw blur_probability=0.5 optimizer=adamw",
    ];

    /// <summary>What a rank has after three steps.</summary>
    /// <param name="Terms">Loss, entropy, reconstruction and bound, of the first step and summed over all.</param>
    /// <param name="Gradients">Of the first step.</param>
    /// <param name="State">Weights and buffers after all steps.</param>
    private sealed record Run(double[] Terms, Dictionary<string, double[]> Gradients, Dictionary<string, double[]> State);

    [TestCaseSource(nameof(Forms))]
    public void Steps_of_ranks_are_those_of_one_process(string form)
    {
        double tolerance = TypeOf(form) == ScalarType.Float64 ? Tolerance : ToleranceOfSingles;
        Run alone = Train(form, null);
        foreach (int size in (int[])[2, 3])
        {
            IReadOnlyList<Run> ranks = LocalProcessGroup.Run(size, group => Train(form, group));
            foreach (Run rank in ranks)
            {
                Assert.That(rank.Terms, Finite.Near(alone.Terms, tolerance));
                AssertAreNear(rank.Gradients, alone.Gradients, tolerance, "gradient");
                AssertAreNear(rank.State, alone.State, tolerance, "state");
                Assert.That(rank.State.Select(entry => (entry.Key, entry.Value)), Is.EqualTo(ranks[0].State.Select(entry => (entry.Key, entry.Value))), "all ranks have the same bits");
            }
        }
        Assert.That(alone.Gradients.Values.SelectMany(gradient => gradient).Max(Math.Abs), Finite.GreaterThan(1e-3), "there is something to compare");
    }

    [Test]
    public void Where_each_rank_normalises_by_its_own_images_all_keep_the_same_running_statistics()
    {
        const string Form = "method=byol sync_batch_norm=false batch_size=20"; // a single step
        Run alone = Train(Form, null);
        IReadOnlyList<Run> ranks = LocalProcessGroup.Run(2, group => Train(Form, group));
        Assert.Multiple(() =>
        {
            Assert.That(ranks[1].State.Select(entry => (entry.Key, entry.Value)), Is.EqualTo(ranks[0].State.Select(entry => (entry.Key, entry.Value))));
            Assert.That(ranks[0].State.Values.SelectMany(values => values), Has.All.Matches<double>(double.IsFinite));
            Assert.That(ranks[0].Terms[0], Is.Not.EqualTo(alone.Terms[0]).Within(1e-3), "it is another loss");
            Assert.That(ranks[0].State["encoder.layers.bn1.running_mean"], Finite.Near(alone.State["encoder.layers.bn1.running_mean"], Tolerance), "the mean over the ranks is that of all images");
        });
    }

    [Test]
    public void An_encoder_with_normalisations_of_TorchSharp_is_refused_unless_each_rank_is_to_normalise_by_itself() => LocalProcessGroup.Run(2, group =>
    {
        Registry registry = Registry.Default.WithEncoder<TheirsSettings>("theirs", _ => new Theirs());
        RunSettings settings = registry.Document.With(new RunSettings(), Given.Words("encoder=theirs"));
        Assert.That(
            () => InitialWeights.Method(registry, settings, Images, group: group),
            Throws.TypeOf<SettingsException>().With.Message.Contains("sync_batch_norm is true, but the encoder theirs has batch normalisations of TorchSharp ('encoder.bn')"));
        using TwoViewMethod alone = InitialWeights.Method(registry, settings, Images), apart = InitialWeights.Method(registry, settings with { SyncBatchNorm = false }, Images, group: group);
        using TwoViewMethod together = InitialWeights.Method(Registry.Default, new RunSettings(), Images, group: group);
        Assert.That(apart.modules().OfType<SyncBatchNorm>().Select(normalization => normalization.Group), Is.Not.Empty.And.All.Null);
        Assert.That(together.modules().OfType<SyncBatchNorm>().Select(normalization => normalization.Group), Has.Exactly(5).Items.And.All.SameAs(group));
    });

    private static void AssertAreNear(Dictionary<string, double[]> own, Dictionary<string, double[]> wanted, double tolerance, string what)
    {
        Assert.That(own.Keys, Is.EqualTo(wanted.Keys));
        foreach ((string name, double[] values) in wanted)
        {
            Assert.That(own[name].Zip(values, (one, other) => Math.Abs(one - other)).Max(), Finite.AtMost(tolerance), $"{what} {name}");
        }
    }

    private static Run Train(string form, ProcessGroup? group)
    {
        RunSettings settings = Given.Settings($"batch_size={BatchSize} epochs=1 optimizer=sgd learning_rate=0.05 hidden_dimension=6 projection_dimension=5 image_size={Size} {form}", prototypes: 4);
        using var scope = NewDisposeScope();
        using TwoViewMethod method = Create(settings, TypeOf(form), group);
        using var images = new ImageTensors(s_images, CPU, isResident: group is null); // ranks read the images of their shares
        using var step = new TrainingStep(settings, method, images, group);
        using var sums = new MetricSums(CPU);
        step.BeginEpoch(1, isNew: true);
        Assert.That(step.Take(1, 0, sums), Is.False);
        double[] first = sums.Sums();
        Dictionary<string, double[]> gradients = Values(method.named_parameters().Where(p => p.parameter.grad is not null).Select(p => (p.name, p.parameter.grad!)));
        for (int i = 1; i < step.StepsPerEpoch; i++)
        {
            // One rank wants to stop, and all are told.
            Assert.That(step.Take(1, i, sums, wantsStop: group?.Rank == i), Is.EqualTo(group?.Size > i));
        }
        return new Run([.. first, .. sums.Sums()], gradients, Values(method.state_dict().Select(entry => (entry.Key, entry.Value))));
    }

    private static TwoViewMethod Create(RunSettings settings, ScalarType type, ProcessGroup? group)
    {
        TwoViewMethod method;
        lock (s_generator) // one for all threads
        {
            manual_seed(5);
            method = settings.Method.Create(() => new Tiny { TrainingType = type }, Images, group);
        }
        if (settings.SyncBatchNorm)
        {
            SyncBatchNorm.SetGroup(method, group);
        }
        method.to(type);
        return method;
    }

    private static ScalarType TypeOf(string form) => form.Contains("deepcluster", StringComparison.Ordinal) ? ScalarType.Float32 : ScalarType.Float64;

    private static Dictionary<string, double[]> Values(IEnumerable<(string Name, Tensor Value)> tensors) =>
        tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Value.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray());

    private static byte[] Bytes()
    {
        byte[] bytes = new byte[Images * 3 * Size * Size];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private sealed record TheirsSettings : EncoderSettings;

    private sealed class Theirs : Encoder
    {
        private readonly Module<Tensor, Tensor> conv = new ImageConvolution(3, 4, kernelSize: 3);
        private readonly Module<Tensor, Tensor> bn = BatchNorm2d(4);

        public Theirs()
            : base("theirs", featureDimension: 4) => RegisterComponents();

        protected override Encoder Fresh() => new Theirs();

        protected override Tensor Maps(Tensor images) => bn.call(conv.call(images));
    }

    private sealed class Tiny : Encoder
    {
        private readonly Module<Tensor, Tensor> layers;

        public Tiny()
            : base("tiny", featureDimension: 6)
        {
            layers = Sequential(
                ("conv1", new ImageConvolution(3, 4, kernelSize: 3, stride: 2)), ("bn1", new SyncBatchNorm(4)), ("relu", ReLU()),
                ("conv2", new ImageConvolution(4, 6, kernelSize: 2)), ("bn2", new SyncBatchNorm(6)));
            RegisterComponents();
        }

        protected override Encoder Fresh() => new Tiny();

        protected override Tensor Maps(Tensor images) => layers.call(images);
    }
}
