using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>Tests of what may differ on a GPU. Where there is none there are none of them either, but for <see cref="GpuTests"/>. See <see cref="DeviceUnderTest"/>.</summary>
[Category("Cuda")]
[TestFixtureSource(typeof(DeviceUnderTest), nameof(DeviceUnderTest.Names))]
public abstract class CudaTests(string name) : TensorTests
{
    /// <summary>The device under test.</summary>
    protected Device Device { get; private set; } = CPU;

    [OneTimeSetUp]
    public void FindDevice() => Device = DeviceUnderTest.Find(name);

    /// <summary>Skips a test that the CPU cannot stand in for.</summary>
    protected void RequireCuda() => DeviceUnderTest.RequireCuda(Device);
}
