using ErLoss.Benchmarks;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>
/// The device of tests of what may differ on a GPU. The environment variable <see cref="Variable"/> names another device than
/// "cuda", such as "cuda:1", or "cpu" to try these tests themselves.
/// </summary>
internal static class DeviceUnderTest
{
    /// <summary>The environment variable.</summary>
    public const string Variable = "ERLOSS_TEST_DEVICE";

    /// <summary>Names of the devices to test on: the one that the variable names, "cuda" where torch finds a device, or none.</summary>
    public static IEnumerable<string> Names =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name ? [name] : cuda.is_available() ? ["cuda"] : [];

    /// <summary>The device of this name; the test fails where it is no name or there is no such device.</summary>
    public static Device Find(string name)
    {
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
            Assert.Fail($"{Variable} is '{name}', and torch finds no such device.");
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
