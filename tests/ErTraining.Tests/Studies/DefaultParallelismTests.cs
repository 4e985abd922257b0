using ErTraining.Studies;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Studies;

internal sealed class DefaultParallelismTests
{
    private const long Gibibyte = 1L << 30;

    [Test]
    public void A_GPU_trains_several_cells_at_once() =>
        Assert.That(DefaultParallelism.For(new Device(DeviceType.CUDA, 0), threads: null), Is.EqualTo(3));

    [TestCase(8, null, 64, ExpectedResult = 8)]
    [TestCase(8, 2, 64, ExpectedResult = 4)]
    [TestCase(8, 16, 64, ExpectedResult = 1)]
    [TestCase(8, null, 13, ExpectedResult = 3, Description = "memory is short")]
    [TestCase(2, null, 2, ExpectedResult = 1, Description = "memory is very short")]
    [TestCase(256, null, 4096, ExpectedResult = 64)]
    public int A_CPU_trains_as_many_as_there_are_processors_for_their_threads(int processors, int? threads, int gibibytes) =>
        DefaultParallelism.OnCpu(processors, threads, gibibytes * Gibibyte);
}
