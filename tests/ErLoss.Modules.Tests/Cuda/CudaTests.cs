using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>
/// Tests of what may differ on a GPU; skipped where there is none. The environment variable ERLOSS_TEST_DEVICE names another device than
/// "cuda", such as "cuda:1", or "cpu" to try these tests themselves.
/// </summary>
[Category("Cuda")]
public abstract class CudaTests : TensorTests
{
    /// <summary>The device under test.</summary>
    protected Device Device { get; private set; } = CPU;

    [OneTimeSetUp]
    public void FindDevice()
    {
        string name = Environment.GetEnvironmentVariable("ERLOSS_TEST_DEVICE") ?? "cuda";
        if (name == "cpu")
        {
            return;
        }
        string[] parts = name.Split(':');
        int index = 0;
        if (parts[0] != "cuda" || parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], out index)))
        {
            Assert.Fail($"ERLOSS_TEST_DEVICE is '{name}'; cpu, cuda or cuda:N is wanted.");
        }
        if (!cuda.is_available() || index >= cuda.device_count())
        {
            Assert.Ignore($"no CUDA device: torch finds no {name} (ERLOSS_TEST_DEVICE names another)");
        }
        Device = new Device(DeviceType.CUDA, index);
    }

    /// <summary>Skips a test that the CPU cannot stand in for.</summary>
    protected void RequireCuda()
    {
        if (Device.type != DeviceType.CUDA)
        {
            Assert.Ignore($"no CUDA device: this runs on {Device}");
        }
    }

    /// <summary>The norm of a difference, relative to that of the truth.</summary>
    protected static double Error(Tensor actual, Tensor truth) =>
        ((actual.cpu().to(ScalarType.Float64) - truth).norm() / truth.norm()).ToDouble();
}
