using ErLoss.Benchmarks;
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

    /// <summary>Asserts all that a check finds.</summary>
    public static void AssertHolds(Check check, Device device)
    {
        if (check.NeedsCuda)
        {
            RequireCuda(device);
        }
        try
        {
            Finding[] findings = [.. check.On(device)];
            Assert.That(findings, Is.Not.Empty);
            Assert.That(findings, Has.All.Matches<Finding>(finding => finding.Holds));
        }
        catch (NotSupportedException e)
        {
            Assert.Ignore(e.Message);
        }
    }
}
