namespace ErLoss.Modules.Tests.Cuda;

/// <summary>Tells of the tests of what may differ on a GPU: one line where there is none, in place of one for each of them.</summary>
[Category("Cuda")]
internal sealed class GpuTests
{
    [Test]
    public void AreRunWhereThereIsAGpu()
    {
        if (!DeviceUnderTest.Names.Any())
        {
            Assert.Ignore($"All tests of what may differ on a GPU are left out: torch finds no CUDA device. The environment variable {DeviceUnderTest.Variable} names another.");
        }
    }
}
