using System.CommandLine;
using ErLoss.Training.Compute;
using ErLoss.Training.Settings;
using ErTraining.Libtorch;
using static TorchSharp.torch;

namespace ErTraining.CommandLine;

/// <summary>Options that several commands have.</summary>
internal static class SharedOptions
{
    /// <summary><c>--libtorch</c>, of all commands.</summary>
    public static Option<string?> Libtorch { get; } = CreateLibtorch();

    /// <summary><c>--checkpoint</c>.</summary>
    public static Option<string?> Checkpoint() => Options.Text(
        "--checkpoint", "The --output folder of a training run, or the checkpoint folder in it.", "DIR");

    /// <summary>Finds the device asked for and sets the number of threads.</summary>
    /// <exception cref="SettingsException">There is no such device in this machine.</exception>
    public static Device UseDevice(ComputeSettings settings)
    {
        Device device = Devices.Find(settings.Device)
            ?? throw new SettingsException("compute.device", "device", $"is '{settings.Device}', but there is no such device here; cpu always works");
        if (settings.Threads is { } wanted)
        {
            set_num_threads(wanted);
        }
        return device;
    }

    private static Option<string?> CreateLibtorch()
    {
        Option<string?> option = Options.Text(
            LibtorchFolder.Option,
            $"Use the libtorch in this folder instead of the program's own: {LibtorchFolder.Wanted}; on Linux also others that have every symbol TorchSharp needs [default: the environment variable {LibtorchFolder.Variable}].",
            "DIR");
        option.Recursive = true;
        return option;
    }
}
