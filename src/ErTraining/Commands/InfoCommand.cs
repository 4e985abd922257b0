using System.CommandLine;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using ErLoss.Modules;
using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErTraining.CommandLine;
using ErTraining.Libtorch;
using ErTraining.Terminal;
using TorchSharp;

namespace ErTraining.Commands;

/// <summary><c>info</c>: what would run where.</summary>
internal static class InfoCommand
{
    /// <summary>The command as the command line knows it.</summary>
    public static Command Create(Registry registry)
    {
        var command = new Command("info", "Show versions, devices, threads, settings of memory and precision, evaluations of kernels, where libtorch and MPI came from, and whether this machine computes the features of the encoders correctly.");
        command.SetAction(parsed =>
        {
            torch.InitializeDeviceType(DeviceType.CPU);
            WriteRow("ErTraining", VersionOf(typeof(InfoCommand)));
            WriteRow("ErLoss.Modules", VersionOf(typeof(EntropyReconstructionLoss)));
            WriteRow("TorchSharp", VersionOf(typeof(torch)));
            LibtorchFolder? folder = LibtorchFolder.Asked(parsed.GetValue(SharedOptions.Libtorch));
            WriteRow("libtorch", folder?.DeclaredVersion ?? LibtorchVersion.Read(NativeLibrary.Load("torch_cpu", typeof(torch).Assembly, null)) ?? "unknown");
            WriteRow("loaded from", PathOf("torch_cpu") ?? "unknown");
            WriteRow("compatibility", Compatibility());
            WriteRow("asked for by", folder?.AskedFor ?? "nothing: it came with the program");
            WriteRow(".NET", RuntimeInformation.FrameworkDescription);
            WriteRow("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.RuntimeIdentifier}");
            WriteRow("CUDA devices", torch.cuda_is_available() ? torch.cuda.device_count().ToString() : "none");
            WriteRow("--device auto", Devices.Find("auto")!.ToString());
            WriteRow("kernels", string.Join(", ", KernelEvaluations.On(Devices.Find("auto")!)));
            WriteRow("TF32", torch.cuda_is_available() ? "in convolutions; in products too with --tf32, nowhere with --no-tf32" : "not used: only GPUs have it");
            WriteRow("threads", $"{torch.get_num_threads()} of {Environment.ProcessorCount} processors");
            WriteRow("waiting threads", WaitingThreads.Description);
            WriteRow("freed memory", FreedMemory.Description);
            WriteRow("MPI", Mpi());
            WriteRow("ranks", (MpiProcessGroup.LaunchedSize, MpiProcessGroup.LaunchedRank) switch
            {
                ({ } size, _) => $"{size}, started together",
                (null, { }) => "started together by a launcher that does not say how many there are",
                _ => "1: neither mpirun nor srun has started this process",
            });
            WriteRow("products", folder is null ? MatrixProducts.Description : "as that libtorch was built");
            foreach (string name in registry.Encoders)
            {
                foreach (string line in Features(name, registry))
                {
                    WriteRow(name, line);
                }
            }
            StandardStreams.RequireOutput();
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>A line for an encoder; of a ResNet one for each stem, at the smallest size of images that it is chosen for without being asked for, or the usual one.</summary>
    private static IEnumerable<string> Features(string name, Registry registry)
    {
        foreach (int size in (int[])[ImageSet.DefaultSize, ResNet18.LeastSizeForImageNetStem])
        {
            using Encoder encoder = registry.CreateEncoder(name, size);
            if (encoder is ResNet18 { Stem: var stem })
            {
                yield return $"{WeightsLines.Word(stem)} stem at {size}x{size}: {Features(encoder, size)}";
            }
            else if (size == ImageSet.DefaultSize)
            {
                yield return Features(encoder, size);
            }
        }
    }

    private static string Features(Encoder encoder, int size)
    {
        try
        {
            encoder.TrainingType = torch.ScalarType.BFloat16;
            encoder.to(Devices.Find("auto")!);
            return FeatureCheck.Describe(encoder, size);
        }
        catch (ExternalException e) // a GPU that is full, or that this libtorch has no kernels for
        {
            return $"not checked: {e.Message.Split('\n', 2)[0]}";
        }
    }

    /// <summary>The library that several processes would use, which is loaded but not started.</summary>
    private static string Mpi()
    {
        try
        {
            return MpiProcessGroup.Describe();
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }

    private static void WriteRow(string name, string value) => Console.WriteLine($"{name,-16} {value}");

    /// <summary>The version of the assembly a type is in.</summary>
    public static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? type.Assembly.GetName().Version!.ToString();

    /// <summary>Whether the libtorch that is loaded has what TorchSharp's own library asks for.</summary>
    private static string Compatibility() =>
        !LibtorchCompatibility.CanBeChecked ? "judged by the version alone on this system"
        : PathOf("LibTorchSharp") is { } bridge && PathOf("torch_cpu") is { } torch ? LibtorchCompatibility.Check(bridge, Path.GetDirectoryName(torch)!).Describe()
        : "unknown";

    /// <summary>Where a library of this process was loaded from.</summary>
    private static string? PathOf(string library)
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>()
            .FirstOrDefault(module => module.ModuleName.Contains(library, StringComparison.OrdinalIgnoreCase))?.FileName;
    }
}
