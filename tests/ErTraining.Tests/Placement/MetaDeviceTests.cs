using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Teachers;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Tests.Placement;

/// <summary>
/// What torch's meta device can compute of a training step, on that device in place of a GPU: a tensor that is made elsewhere than where it was asked for is
/// refused where it meets one of the device's, and whatever reads a value back, for which a host would wait, throws. libtorch has few
/// operators of that device (no batch normalisation, no index_select, no grid_sampler), so no whole step runs there.
/// </summary>
internal sealed class MetaDeviceTests : TensorTests
{
    private const int Rows = 8, Dimension = 6;

    private static readonly Device s_meta = DefaultDevice.Meta;

    private static IEnumerable<TestCaseData> Computations =>
    [
        new TestCaseData(() => Byol.RegressionError(OnMeta(), OnMeta(), ByolRegression.Distances)) { TestName = "BYOL's regression error" },
        new TestCaseData(() => Pixels.Center(Pixels.ToUnit(OnMeta()))) { TestName = "centred pixels" },
        new TestCaseData(() => functional.normalize(Prototypes().call(OnMeta()))) { TestName = "prototypes" },
    ];

    [TestCaseSource(nameof(Computations))]
    public void It_stays_on_its_device(Func<Tensor> compute) => Assert.That(compute().device.type, Is.EqualTo(DeviceType.META));

    [TestCase("adamw")]
    [TestCase("sgd")]
    public void What_an_optimizer_keeps_is_where_the_weights_are(string kind)
    {
        using Module<Tensor, Tensor> layer = Linear(Dimension, 3, device: s_meta);
        using optim.Optimizer optimizer = Given.Settings($"optimizer={kind}").Optimizer.Create(layer);
        DeviceType[] kept = [.. OptimizerState.Capture(optimizer, layer).Where(entry => !entry.Key.EndsWith(".step", StringComparison.Ordinal)).Select(entry => entry.Value.device_type)];
        Assert.That(kept, Is.Not.Empty.And.All.EqualTo(DeviceType.META));
    }

    [Test]
    public void A_teacher_follows_where_it_is()
    {
        using Module<Tensor, Tensor> teacher = Linear(Dimension, 3, device: s_meta), student = Linear(Dimension, 3, device: s_meta);
        Teacher.Create(teacher, student);
        Teacher.Follow(teacher, student, 0.9);
        Assert.That(teacher.parameters().Select(weight => weight.device_type), Is.All.EqualTo(DeviceType.META));
    }

    [Test]
    public void Images_are_put_where_they_are_asked_for()
    {
        using var images = new ImageTensors(SyntheticImages.Create(4, 1, seed: 0).Train, s_meta);
        Assert.That((images.Range(0, 1).device_type, images.Labels.device_type), Is.EqualTo((DeviceType.META, DeviceType.META)));
    }

    private static Tensor OnMeta() => zeros(Rows, Dimension, device: s_meta);

    private static Module<Tensor, Tensor> Prototypes()
    {
        var prototypes = new Prototypes(Dimension, 4);
        prototypes.to(s_meta);
        return prototypes;
    }
}
