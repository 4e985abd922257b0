using System.CommandLine;
using ErLoss.Training.Compute;
using ErLoss.Training.Settings;
using ErTraining.Libtorch;
using static TorchSharp.torch;

namespace ErTraining.CommandLine;

/// <summary>Options that several commands have.</summary>
internal static class SharedOptions
{
    /// <summary>What <c>--mpi</c> can be.</summary>
    public const string MpiAuto = "auto", MpiOn = "on", MpiOff = "off";

    private const string ThreadsVariable = "OMP_NUM_THREADS";

    /// <summary><c>--libtorch</c>, of all commands.</summary>
    public static Option<string?> Libtorch { get; } = CreateLibtorch();

    /// <summary><c>--mpi</c>, of the commands that several processes carry out together.</summary>
    public static Option<string> Mpi { get; } = Options.Choice(
        "--mpi",
        "Whether this process works together with others that mpirun or srun has started: all train one model, and each has a share of every batch. auto recognises mpirun and srun by their environment variables, on asks MPI in any case, and off lets each process work alone.",
        MpiAuto,
        MpiAuto,
        MpiOn,
        MpiOff);

    /// <summary><c>--checkpoint</c>.</summary>
    public static Option<string?> Checkpoint() => Options.Text(
        "--checkpoint", "The --output folder of a training run, or the checkpoint folder in it.", "DIR");

    /// <summary>Finds the device asked for and sets the number of threads.</summary>
    /// <exception cref="SettingsException">There is no such device in this machine.</exception>
    public static Device UseDevice(ComputeSettings settings)
    {
        Device device = FindDevice(settings, 0);
        UseThreads(settings.Threads, 1);
        return device;
    }

    /// <summary>Finds the device asked for.</summary>
    /// <param name="settings">They name it.</param>
    /// <param name="local">Which of several processes on this machine asks, from 0.</param>
    /// <exception cref="SettingsException">There is no such device in this machine.</exception>
    public static Device FindDevice(ComputeSettings settings, int local) => Devices.Find(settings.Device, local)
        ?? throw new SettingsException("compute.device", "device", $"is '{settings.Device}', but there is no such device here; cpu always works");

    /// <summary>Sets the number of threads: the one given, else a share of libtorch's choice, unless the user has chosen by OMP_NUM_THREADS.</summary>
    /// <param name="given">The number given; null if none is.</param>
    /// <param name="sharers">How many processes share the processors.</param>
    public static void UseThreads(int? given, int sharers)
    {
        if (given is { } wanted)
        {
            set_num_threads(wanted);
        }
        else if (sharers > 1 && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ThreadsVariable)))
        {
            set_num_threads(Math.Max(1, get_num_threads() / sharers));
        }
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
