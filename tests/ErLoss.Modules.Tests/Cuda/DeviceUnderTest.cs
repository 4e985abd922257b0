using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>
/// The device of tests of what may differ on a GPU. The environment variable ERLOSS_TEST_DEVICE names another device than
/// "cuda", such as "cuda:1", or "cpu" to try these tests themselves.
/// </summary>
internal static class DeviceUnderTest
{
    private const string Variable = "ERLOSS_TEST_DEVICE";

    /// <summary>The device; a test that asks is skipped where there is none, and fails where the variable names none.</summary>
    public static Device Find()
    {
        string name = Environment.GetEnvironmentVariable(Variable) ?? "cuda";
        if (name == "cpu")
        {
            return CPU;
        }
        string[] parts = name.Split(':');
        int index = 0;
        if (parts[0] != "cuda" || parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], out index)))
        {
            Assert.Fail($"{Variable} is '{name}'; cpu, cuda or cuda:N is wanted.");
        }
        if (!cuda.is_available() || index >= cuda.device_count())
        {
            Assert.Ignore($"no CUDA device: torch finds no {name} ({Variable} names another)");
        }
        return new Device(DeviceType.CUDA, index);
    }

    /// <summary>Skips a test that the CPU cannot stand in for.</summary>
    public static void RequireCuda(Device device)
    {
        if (device.type != DeviceType.CUDA)
        {
            Assert.Ignore($"no CUDA device: this runs on {device}");
        }
    }

    /// <summary>Gives the GPU work of half a second on a fast one, then does something, and looks whether the GPU has done that work yet.</summary>
    /// <param name="device">The GPU, the first one: the driver's events are those of the current device.</param>
    /// <param name="action">Waits for the GPU, or does not.</param>
    public static bool WaitsFor(Device device, Action action)
    {
        RequireCuda(device);
        if (device.index != 0)
        {
            Assert.Ignore($"the driver's events are those of the current device, cuda:0, and this runs on {device}");
        }
        using var scope = NewDisposeScope();
        Tensor factor = randn(8192, 8192, device: device), product = empty_like(factor);
        action(); // kernels are loaded
        action(); // gradients are there and memory is taken
        product.addmm_(factor, factor, beta: 0);
        cuda.synchronize(device);
        for (int i = 0; i < 30; i++)
        {
            product.addmm_(factor, factor, beta: 0);
        }
        using var workBefore = new CudaEvent();
        action();
        bool isDone = workBefore.IsReached;
        cuda.synchronize(device);
        return isDone;
    }
}
