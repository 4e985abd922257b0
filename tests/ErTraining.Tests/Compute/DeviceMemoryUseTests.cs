using ErLoss.Training.Compute;
using static TorchSharp.torch;

namespace ErTraining.Tests.Compute;

internal sealed class DeviceMemoryUseTests
{
    private const long Gibibyte = 1L << 30;

    [Test]
    public void On_the_CPU_there_is_nothing_to_say() => Assert.That(new DeviceMemoryUse(CPU).Describe(), Is.Null);

    [Test]
    public void The_peak_is_what_is_free_no_longer() => Assert.That(
        DeviceMemoryUse.Describe((79 * Gibibyte, 80 * Gibibyte), (79 * Gibibyte - 3 * Gibibyte / 2, 80 * Gibibyte)),
        Is.EqualTo("Peak GPU memory 1.50 of 80.0 GiB."));

    [Test]
    public void A_driver_that_does_not_tell_is_told_of([Values] bool before) => Assert.That(
        DeviceMemoryUse.Describe(before ? (1, 2) : null, before ? null : (1, 2)), Is.EqualTo("The driver does not tell the GPU's memory."));
}
