using System.Diagnostics;
using System.Text.Json.Nodes;
using ErLoss.Modules.Distributed;
using ErLoss.Training.Data;
using ErTraining.Libtorch;

namespace ErTraining.Tests.Commands;

/// <summary>The program as <c>mpirun</c> starts it, under each MPI that is installed.</summary>
[Parallelizable] // with other fixtures whose work is done by processes of their own
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class MpiCommandTests : IDisposable
{
    private const string OpenMpi = "mpirun.openmpi", Mpich = "mpirun.mpich";

    private static readonly string[] s_run = ["train", "--batch-size", "16", "--epochs", "3", "--encoder-width", "8", "--hidden-dimension", "32", "--evaluations", "1"], s_images = ["--data", "images"];

    private readonly TemporaryDirectory _folder = new();

    public MpiCommandTests() => CifarWriter.Write(SyntheticImages.Create(48, 10, seed: 0), _folder["images"]);

    public void Dispose() => _folder.Dispose();

    /// <summary>Sums of two numbers round alike in whatever order they are added, so that two ranks come to the same bits under both libraries.</summary>
    [Test]
    [Platform(Exclude = "Win", Reason = "Windows has no signals to send to another process.")]
    public void Two_ranks_train_one_model_under_either_MPI_and_go_on_after_one_of_them_was_killed()
    {
        string[] launchers = [.. new[] { OpenMpi, Mpich }.Where(launcher => PathOf(launcher) is not null)], ranks = ["-n", "2", .. Program, .. s_run, .. s_images];
        (int code, string output) = Run(launchers.LastOrDefault(OpenMpi), [.. ranks, "--output", "whole"]);
        Assert.That(code, Is.Zero, output);
        JsonNode result = JsonNode.Parse(File.ReadAllText(_folder["whole/result.json"]))!;
        Assert.Multiple(() =>
        {
            Assert.That((int?)result["used"]!["ranks"], Is.EqualTo(2));
            Assert.That(output.Split("epoch 1/3: loss"), Has.Length.EqualTo(2), "one of them prints");
            Assert.That(output, Does.Contain("2 ranks, each on cpu, 1 thread"));
        });

        using (Process killed = Start(launchers[0], [.. ranks, "--output", "run", "--checkpoint-minutes", "0"]))
        {
            ProgramUnderTest.ReadUntil(killed, "epoch 1/");
            int[] processes = Ranks(killed.Id);
            Assert.That(processes, Has.Length.EqualTo(2));
            using Process rank = Process.GetProcessById(processes[1]);
            rank.Kill();
            Assert.That(killed.WaitForExit(TimeSpan.FromSeconds(30)), "the other rank waits without end");
            Assert.That(killed.ExitCode, Is.Not.Zero, "it was over before it could be killed");
        }
        (code, output) = Run(launchers[0], [.. ranks, "--output", "run", "--resume"]);
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain("continuing after epoch").And.Not.Contain("\e"), "and no sequences for a terminal");
        Assert.That(File.ReadLines(_folder["run/metrics.jsonl"]).Select(Timeless), Is.EqualTo(File.ReadLines(_folder["whole/metrics.jsonl"]).Select(Timeless)));
        Assert.That(Digest.OfFile(_folder["run/checkpoint/model.safetensors"]), Is.EqualTo(Digest.OfFile(_folder["whole/checkpoint/model.safetensors"])));

        // The same by two processes and by one.
        (code, output) = Run(launchers[0], ["-n", "2", .. Program, "evaluate", "--checkpoint", "whole", "--output", "two.json"]);
        Assert.That(code, Is.Zero, output);
        ProgramUnderTest.Outcome one = ProgramUnderTest.RunHere(_folder.Path, "evaluate", "--checkpoint", "whole", "--output", "one.json");
        Assert.That(one.ExitCode, Is.Zero, one.Error);
        JsonNode ofTwo = JsonNode.Parse(File.ReadAllText(_folder["two.json"]))!, ofOne = JsonNode.Parse(File.ReadAllText(_folder["one.json"]))!;
        Assert.That((double)ofTwo["knn_accuracy"]!, Is.EqualTo((double)ofOne["knn_accuracy"]!));
        Assert.That((double?)ofTwo["linear_probe_accuracy"], Is.InRange(0, 1)); // features that round otherwise may choose another penalty
    }

    [Test]
    public void What_a_rank_has_wrong_is_one_line_that_names_it()
    {
        CifarWriter.Write(SyntheticImages.Create(48, 10, seed: 1), _folder["others"]);
        string[] images = [.. s_run, .. s_images];
        Assert.Multiple(() =>
        {
            AssertError(Run(OpenMpi, [.. Two(images, [.. s_run, "--data", "others"])]), "error: rank 1: the images are others than those of rank 0; give all ranks the same images (images).");
            AssertError(Run(Mpich, [.. Two(images, [.. images, "--seed", "x"])]), "error: rank 1: --seed is x; a whole number from 0 up is wanted."); // and the code is not that of a rank that was killed
            AssertError(Run(Mpich, [.. Two(images, [.. images, "--output", "kept"])]), "error: rank 1: the command is train --output there, and train on rank 0; start all ranks with the same options.");
            AssertError(Run(Mpich, ["-n", "2", .. Program, .. images], library: "libmpi.so.40"), "error: The mpirun of MPICH (or one like it) has started 2 processes, but Open MPI");
        });

        IEnumerable<string> Two(string[] first, string[] second) => ["-n", "1", .. Program, .. first, ":", "-n", "1", .. Program, .. second];

        static void AssertError((int Code, string Output) outcome, string line)
        {
            Assert.That(outcome.Code, Is.EqualTo(2), outcome.Output);
            Assert.That(outcome.Output.Split('\n').Where(text => text.Contains("error: ", StringComparison.Ordinal)), Has.One.StartsWith(line).And.One.Items, outcome.Output);
        }
    }

    private static string[] Program => ["dotnet", Path.Combine(AppContext.BaseDirectory, "ErTraining.dll")];

    private static string? PathOf(string launcher) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, launcher)).FirstOrDefault(File.Exists);

    private static string Timeless(string json)
    {
        JsonObject members = JsonNode.Parse(json)!.AsObject();
        members.Remove("images_per_second");
        return members.ToJsonString();
    }

    /// <summary>The processes of the program that a launcher has started, in the order of their numbers.</summary>
    private static int[] Ranks(int launcher)
    {
        using Process list = Process.Start(new ProcessStartInfo("ps", ["-eo", "pid=,ppid=,args="]) { RedirectStandardOutput = true })!;
        (int Id, int Parent, string Command)[] all =
        [
            .. from line in list.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
               let parts = line.Split((char[]?)null, 3, StringSplitOptions.RemoveEmptyEntries)
               select (int.Parse(parts[0]), int.Parse(parts[1]), parts[2]),
        ];
        HashSet<int> family = [launcher];
        for (int before = 0; before < family.Count;)
        {
            before = family.Count;
            family.UnionWith(all.Where(process => family.Contains(process.Parent)).Select(process => process.Id));
        }
        return [.. all.Where(process => family.Contains(process.Id) && process.Command.StartsWith("dotnet ", StringComparison.Ordinal)).Select(process => process.Id).Order()];
    }

    private (int Code, string Output) Run(string launcher, IEnumerable<string> arguments, string? library = null)
    {
        using Process process = Start(launcher, arguments, library);
        Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("The ranks wait for each other without end.");
        }
        return (process.ExitCode, output.Result + errors.Result);
    }

    private Process Start(string launcher, IEnumerable<string> arguments, string? library = null)
    {
        if (PathOf(launcher) is not { } path)
        {
            Assert.Ignore($"There is no {launcher}; on Debian and Ubuntu the package {(launcher == OpenMpi ? "openmpi-bin" : "mpich")} has it.");
            throw new UnreachableException();
        }
        string[] ofRoot = launcher == OpenMpi ? ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"] : [];
        return Process.Start(new ProcessStartInfo(path, [.. ofRoot, .. arguments])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["OMP_NUM_THREADS"] = "1",
                ["DOTNET_TC_CallCounting"] = "0",
                [LibtorchFolder.Variable] = null,
                [MpiProcessGroup.LibraryVariable] = library ?? "",
            },
        })!;
    }
}
