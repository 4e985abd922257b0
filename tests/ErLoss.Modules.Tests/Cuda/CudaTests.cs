using TorchSharp;
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

    /// <summary>The norm of a difference, relative to that of the truth.</summary>
    protected static double Error(Tensor actual, Tensor truth) =>
        ((actual.cpu().to(ScalarType.Float64) - truth).norm() / truth.norm()).ToDouble();
}
