using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>Tests of what may differ on a GPU; skipped where there is none. See <see cref="DeviceUnderTest"/>.</summary>
[Category("Cuda")]
public abstract class CudaTests : TensorTests
{
    /// <summary>The device under test.</summary>
    protected Device Device { get; private set; } = CPU;

    [OneTimeSetUp]
    public void FindDevice() => Device = DeviceUnderTest.Find();

    /// <summary>Skips a test that the CPU cannot stand in for.</summary>
    protected void RequireCuda() => DeviceUnderTest.RequireCuda(Device);
}
