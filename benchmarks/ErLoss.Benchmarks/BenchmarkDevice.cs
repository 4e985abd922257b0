using System.CommandLine;
using ErLoss.Training.Compute;
using ErLoss.Training.Settings;
using ErTraining.CommandLine;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>The devices that benchmarks run on.</summary>
internal static class BenchmarkDevice
{
    /// <summary>The environment variable by which <c>--device</c> reaches BenchmarkDotNet's processes.</summary>
    public const string Variable = "ERLOSS_BENCHMARK_DEVICE";

    /// <summary>The device of BenchmarkDotNet's benchmarks.</summary>
    public static Device Current { get; } = torch.device(Environment.GetEnvironmentVariable(Variable) ?? "cpu");

    /// <summary><c>--device</c>.</summary>
    public static Option<string?> Option() => Options.Text("--device", "Where to compute.", "auto|cpu|cuda[:N]", "auto");

    /// <summary>Finds the device asked for.</summary>
    /// <exception cref="UsageException">That is no device, or none of this machine.</exception>
    public static Device Use(string name)
    {
        var settings = new ComputeSettings { Device = name };
        try
        {
            return settings.Conflicts().FirstOrDefault() is { } conflict
                ? throw new UsageException($"--device {conflict.Problem}.")
                : SharedOptions.UseDevice(settings);
        }
        catch (SettingsException e)
        {
            throw new UsageException($"--device {e.Problem}.");
        }
    }

    /// <summary>Waits until a GPU has done what it was told; a CPU always has.</summary>
    public static void Synchronize(Device device)
    {
        if (device.type == DeviceType.CUDA)
        {
            cuda.synchronize(device);
        }
    }

    /// <summary>What it is called: "NVIDIA H100 80GB HBM3", "cpu, 2 threads".</summary>
    public static string Describe(Device device) =>
        (device.type == DeviceType.CUDA ? DeviceMemory.Name(device.index) : null) ?? Devices.Describe(device);

    /// <summary>Bytes free on it, as near as it says; null where it does not.</summary>
    public static long? FreeBytes(Device device) => device.type == DeviceType.CUDA ? DeviceMemory.Read(device.index)?.Free : HostMemory.Free();
}
