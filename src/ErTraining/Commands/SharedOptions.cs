using System.CommandLine;
using ErTraining.Encoders;
using ErTraining.Libtorch;
using ErTraining.Training;
using static TorchSharp.torch;

namespace ErTraining.Commands;

/// <summary>Options that several commands have: which images, and where to compute with what.</summary>
internal static class SharedOptions
{
    /// <summary><c>--libtorch</c>, of all commands.</summary>
    public static Option<string?> Libtorch { get; } = CreateLibtorch();

    /// <summary><c>--data</c>.</summary>
    /// <param name="note">Ends the description.</param>
    /// <param name="fallback">What is used where the option is not given.</param>
    public static Option<string?> Data(string note, string? fallback) => Options.Text(
        "--data",
        $"'synthetic', or a folder with CIFAR-10's or CIFAR-100's binary files, or with a folder of PNG or JPEG images for each class{note}.",
        "synthetic|DIR",
        fallback);

    /// <summary><c>--train-images</c>.</summary>
    public static Option<int?> TrainImages() => Options.Number<int?>(
        "--train-images", "Use the first N training images only.", "N", n => n >= 1, "a whole number from 1 up", null);

    /// <summary><c>--checkpoint</c>.</summary>
    public static Option<string?> Checkpoint() => Options.Text(
        "--checkpoint", "The --output folder of a training run, or the checkpoint folder in it.", "DIR");

    /// <summary><c>--weights</c>.</summary>
    /// <param name="what">Begins the description.</param>
    public static Option<string?> Weights(string what) => Options.Text(
        "--weights", $"{what}: a safetensors file as export writes it, or of PyTorch's network of the same make.", "FILE");

    /// <summary><c>--encoder</c>.</summary>
    public static Option<string> Encoder(string description) => Options.Choice(
        "--encoder", description, new TrainingSettings().Encoder, EncoderCatalog.Names);

    /// <summary><c>--device</c>.</summary>
    public static Option<string?> Device() => Options.Text("--device", "Where to compute.", "auto|cpu|cuda[:N]", "auto");

    /// <summary><c>--threads</c>.</summary>
    public static Option<int?> Threads() => Options.Number<int?>(
        "--threads", "Threads of CPU kernels.", "N", n => n is >= 1 and <= 1024, "a whole number from 1 to 1024", null);

    /// <summary>Finds the device asked for and sets the number of threads.</summary>
    /// <exception cref="UsageException">That is no device, or none of this machine.</exception>
    public static Device UseDevice(string name, int? threads)
    {
        if (name == "mps")
        {
            // Sums of metrics, the linear probe and the indicators of collapse are float64.
            throw new UsageException("--device is 'mps', but this program needs float64, which Apple's GPUs do not have; use --device cpu.");
        }
        if (!Devices.IsName(name))
        {
            throw new UsageException($"--device is '{name}'; auto, cpu, cuda or cuda:N is wanted.");
        }
        Device device = Devices.Find(name)
            ?? throw new UsageException($"--device is '{name}', but there is no such device here; --device cpu always works.");
        if (threads is { } wanted)
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
