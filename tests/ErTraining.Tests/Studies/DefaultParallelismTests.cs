using ErTraining.Studies;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Studies;

internal sealed class DefaultParallelismTests
{
    [Test]
    public void A_GPU_trains_several_cells_at_once() => Assert.Multiple(() =>
    {
        Assert.That(DefaultParallelism.For(new Device(DeviceType.CUDA, 0)), Is.EqualTo(3));
        Assert.That(DefaultParallelism.For(CPU), Is.EqualTo(DefaultParallelism.OnCpu));
    });
}
