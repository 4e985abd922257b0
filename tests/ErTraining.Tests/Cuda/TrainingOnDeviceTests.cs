using System.Text.Json;
using ErLoss.Benchmarks;
using ErLoss.Modules.Tests.Cuda;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErTraining.Tests.Commands;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Cuda;

/// <summary>Training on a GPU: the checks of the benchmarks' <c>selftest</c>, and what they cannot see. Where there is none, there are none of these tests.</summary>
[Category("Cuda")]
[TestFixtureSource(typeof(DeviceUnderTest), nameof(DeviceUnderTest.Names))]
internal sealed class TrainingOnDeviceTests(string name) : TensorTests
{
    private static readonly ImageData s_data = SyntheticImages.Create(256, 100, seed: 0);

    private Device _device = CPU;

    private static IEnumerable<TestCaseData> Checks =>
        from check in (IEnumerable<Check>)[.. MethodChecks.All, .. StepWaitChecks.All] select new TestCaseData(check).SetArgDisplayNames(check.Name);

    private static IEnumerable<TestCaseData> Runs =>
        from name in Registry.Default.Methods.Keys from precision in Enum.GetValues<Precision>() select new TestCaseData(name, precision);

    [OneTimeSetUp]
    public void FindDevice() => _device = DeviceUnderTest.Find(name);

    [TestCaseSource(nameof(Checks))]
    public void Holds(object check) => DeviceUnderTest.AssertHolds((Check)check, _device);

    [TestCaseSource(nameof(Runs))]
    public void A_run_trains_goes_on_from_its_states_and_leaves_no_tensor_alive(string method, Precision precision)
    {
        var settings = Given.Settings($"method={method} precision={precision.ToString().ToLowerInvariant()} epochs=2 batch_size=64 hidden_dimension=32 optimizer=lars");
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

    [Test]
    public void The_program_trains_there_and_says_what_it_took()
    {
        DeviceUnderTest.RequireCuda(_device);
        using var folder = new TemporaryDirectory();
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(
            folder.Path, "train", "--device", $"{_device}", "--tf32", "--train-images", "512", "--epochs", "1", "--output", "run");
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        Assert.That(outcome.Output, Does.Match(@"Peak GPU memory \d+\.\d\d of "));
        using JsonDocument result = JsonDocument.Parse(File.ReadAllText(folder["run/result.json"]));
        Assert.That(result.RootElement.GetProperty("device").GetString(), Is.EqualTo($"{_device}"));
    }

    private RunResult Run(RunSettings settings, TrainingState? state, States? keeper)
    {
        using var trainer = new Trainer(Registry.Default, settings, s_data, _device);
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
}
