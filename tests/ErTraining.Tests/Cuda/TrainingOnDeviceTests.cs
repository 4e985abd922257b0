using System.Text.Json;
using ErLoss.Modules.Tests.Cuda;
using ErTraining.Data;
using ErTraining.Encoders;
using ErTraining.Methods;
using ErTraining.Tests.Commands;
using ErTraining.Tests.Methods;
using ErTraining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Cuda;

/// <summary>Training on a GPU; skipped where there is none. See <see cref="DeviceUnderTest"/>.</summary>
[Category("Cuda")]
internal sealed class TrainingOnDeviceTests : TensorTests
{
    private static readonly ImageData s_data = SyntheticImages.Create(256, 100, seed: 0);

    private Device _device = CPU;

    private static IEnumerable<TestCaseData> Methods =>
        from name in MethodCatalog.Names from objective in Enum.GetValues<Objective>() select new TestCaseData(name, objective);

    private static IEnumerable<TestCaseData> Runs =>
        from name in MethodCatalog.Names from precision in Enum.GetValues<Precision>() select new TestCaseData(name, precision);

    [OneTimeSetUp]
    public void FindDevice() => _device = DeviceUnderTest.Find();

    [TestCaseSource(nameof(Methods))]
    public void A_method_gives_the_terms_and_the_gradient_that_it_gives_on_the_CPU(string name, Objective objective)
    {
        Devices.AllowTf32(Tf32.None);
        using TwoViewMethod here = TwoViewMethodTests.Create(name, objective), there = TwoViewMethodTests.Create(name, objective);
        there.load_state_dict(here.state_dict());
        there.to(_device);
        ViewBatch batch = TwoViewMethodTests.Batch();
        MethodTerms wanted = here.call(batch);
        MethodTerms terms = there.call(new ViewBatch(batch.View1.to(_device), batch.View2.to(_device), batch.Indices.to(_device)));
        wanted.Loss.backward();
        terms.Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(terms.Loss.device.ToString(), Is.EqualTo(_device.ToString()));
            AssertNear(terms.Loss, wanted.Loss, "loss");
            AssertNear(terms.Entropy, wanted.Entropy, "entropy");
            AssertNear(terms.Reconstruction, wanted.Reconstruction, "reconstruction");
            AssertNear(Gradient(there), Gradient(here), "gradient");
        });

        static Tensor Gradient(TwoViewMethod method) =>
            cat([.. method.Encoder.parameters().Select(parameter => parameter.grad!.reshape(-1).cpu())]);

        static void AssertNear(Tensor actual, Tensor truth, string what) => Assert.That(
            ((actual.cpu() - truth).norm() / truth.norm()).ToDouble(), Is.LessThan(2e-3), what);
    }

    [TestCaseSource(nameof(Runs))]
    public void A_run_trains_goes_on_from_its_states_and_leaves_no_tensor_alive(string method, Precision precision)
    {
        var settings = new TrainingSettings { Method = method, Precision = precision, Epochs = 2, BatchSize = 64, HiddenDimension = 32, Optimizer = OptimizerKind.Lars };
        Run(settings, null, new States());
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var states = new States();
        RunResult whole = Run(settings, null, states), resumed = Run(settings, states.Kept[1], null);
        Assert.Multiple(() =>
        {
            Assert.That(whole.Device, Is.EqualTo(_device.ToString()));
            Assert.That(double.IsFinite(whole.Loss!.Value));
            Assert.That(resumed.Loss!.Value, Is.EqualTo(whole.Loss.Value).Within(Math.Max(0.05, Math.Abs(whole.Loss.Value) / 20)), "a GPU's sums differ a little every time");
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
        });
    }

    [TestCaseSource(nameof(Methods))]
    public void A_step_does_not_wait_for_the_device(string method, Objective objective)
    {
        DeviceUnderTest.RequireCuda(_device);
        const int BatchSize = 600; // the fused form's
        ImageData data = SyntheticImages.Create(BatchSize, 10, seed: 0);
        var settings = new TrainingSettings { Method = method, Objective = objective, Epochs = 1000, BatchSize = BatchSize };
        using var trainer = new Trainer(settings, data, _device, new Silent());
        using Tensor order = arange(BatchSize, dtype: ScalarType.Int64, device: _device);
        using var sums = new MetricSums(_device);
        trainer.Method.train();
        Assert.That(DeviceUnderTest.WaitsFor(_device, () => trainer.Step(order, 1, 0, sums)), Is.False);
    }

    [TestCase("convnet")]
    [TestCase("resnet18")]
    public void Features_are_the_CPU_s(string name)
    {
        Devices.AllowTf32(Tf32.None);
        using Encoder here = EncoderCatalog.Create(name), there = EncoderCatalog.Create(name);
        there.load_state_dict(here.state_dict());
        there.to(_device);
        Tensor pixels = randint(0, 256, [32, 3, 32, 32], dtype: ScalarType.Byte);
        Tensor wanted = Features.Of(here, pixels), features = Features.Of(there, pixels.to(_device));
        Assert.That(((features.cpu() - wanted).norm() / wanted.norm()).ToDouble(), Is.LessThan(1e-4));
    }

    [Test]
    public void The_program_trains_there_and_says_what_it_took()
    {
        DeviceUnderTest.RequireCuda(_device);
        using var folder = new TemporaryDirectory();
        CommandLine.Outcome outcome = CommandLine.Run(
            folder.Path, "train", "--device", $"{_device}", "--tf32", "--train-images", "512", "--epochs", "1", "--output", "run");
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        Assert.That(outcome.Output, Does.Match(@"Peak GPU memory \d+\.\d\d of "));
        using JsonDocument result = JsonDocument.Parse(File.ReadAllText(folder["run/result.json"]));
        Assert.That(result.RootElement.GetProperty("device").GetString(), Is.EqualTo($"{_device}"));
    }

    private RunResult Run(TrainingSettings settings, TrainingState? state, States? keeper)
    {
        using var trainer = new Trainer(settings, s_data, _device, new Silent());
        if (state is not null)
        {
            trainer.Restore(state);
        }
        return trainer.Run(CancellationToken.None, keeper);
    }

    private sealed class States : IStateKeeper
    {
        public List<TrainingState> Kept { get; } = [];

        public bool IsDue => false;

        public void Save(TrainingState state) => Kept.Add(state);
    }

    private sealed class Silent : ITrainingObserver
    {
        public void OnStart(double knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
        {
        }

        public void OnProgress(TrainingProgress progress)
        {
        }

        public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft)
        {
        }
    }
}
