using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Runs;
using ErTraining.CommandLine;
using ErTraining.Commands;

namespace ErTraining.Tests.Commands;

/// <summary><c>train --resume</c> on real files, after real processes were killed.</summary>
[Parallelizable] // with other fixtures whose work is done by processes of their own
internal sealed partial class ResumeCommandTests
{
    private static readonly string[] s_run =
        ["train", "--data", "images", "--batch-size", "16", "--epochs", "6", "--hidden-dimension", "32", "--queue", "40", "--evaluations", "1", "--threads", "1"];

    private TemporaryDirectory _shared = null!, _folder = null!;

    /// <summary>A run that was never stopped, and one that was killed in its third epoch, or about to begin it.</summary>
    [OneTimeSetUp]
    public void RunAndKill()
    {
        _shared = new TemporaryDirectory();
        CifarWriter.Write(SyntheticImages.Create(96, 20, seed: 0), _shared["images"]);
        ProgramUnderTest.Outcome whole = ProgramUnderTest.RunHere(_shared.Path, [.. s_run, "--output", "whole"]);
        Assert.That(whole.ExitCode, Is.Zero, whole.Error);

        using Process process = ProgramUnderTest.Start(_shared.Path, [.. s_run, "--output", "run", "--checkpoint-minutes", "0"]);
        ProgramUnderTest.ReadUntil(process, "epoch 2/");
        process.Kill();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Not.Zero, "it was over before it could be killed");
        Assert.That(States("run", _shared), Has.Length.EqualTo(2));
    }

    [OneTimeTearDown]
    public void DeleteRuns() => _shared.Dispose();

    [SetUp]
    public void Copy()
    {
        _folder = new TemporaryDirectory();
        foreach (string file in Directory.GetFiles(_shared.Path, "*", SearchOption.AllDirectories))
        {
            string copy = _folder[Path.GetRelativePath(_shared.Path, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    [TearDown]
    public void DeleteCopy() => _folder.Dispose();

    [Test]
    public void A_killed_run_goes_on_with_the_settings_it_had_and_ends_as_if_it_had_never_stopped()
    {
        Directory.CreateDirectory(_folder["run/tensorboard"]); // as --tensorboard left it
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, "train", "--output", "run", "--resume", "--keep-state");
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        Assert.That((States("run").Length, States("whole").Length), Is.EqualTo((1, 1)), "one state of a finished run");
        Assert.That(
            new FileInfo(States("run")[0]).Length, Is.GreaterThan(20 * new FileInfo(States("whole")[0]).Length), "whose tensors are kept where that is asked for");
        Assert.That(outcome.Output, Does.Contain("continuing after epoch").And.Not.Contain("epoch 1/6"));
        AssertIsWhole("run");
        Assert.That(Directory.GetFiles(_folder["run/tensorboard"]), Has.One.Items, "TensorBoard's metrics go on unasked");
    }

    [Test]
    public void A_spoilt_checkpoint_is_passed_over_for_the_one_before_it()
    {
        Spoil(States("run")[^1]);
        File.AppendAllText(_folder["run/metrics.jsonl"], "{\"epoch\":7,\"lo");
        File.WriteAllText(_folder["run/checkpoint/state-000000001.safetensors.tmp"], "left by a crash");
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, [.. s_run, "--output", "run", "--resume"]);
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        Assert.That(outcome.Error, Does.StartWith("warning: ").And.Contain("checksum").And.Contain("Looking for one before it"));
        AssertIsWhole("run");
        Assert.That(Directory.GetFiles(_folder["run"], "*.tmp", SearchOption.AllDirectories), Is.Empty);
    }

    [Test]
    public void Killed_before_its_first_checkpoint_a_run_begins_anew()
    {
        Directory.Delete(_folder["run/checkpoint"], recursive: true);
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, "train", "--output", "run", "--resume");
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        AssertIsWhole("run");
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows has no signals to send to another process.")]
    public void Signals_save_its_state_or_end_it_and_it_says_how_to_go_on_and_does_so_where_nothing_was_before()
    {
        string[] command = [.. s_run, "--output", "new", "--resume"];
        using Process process = ProgramUnderTest.Start(_folder.Path, command);
        ProgramUnderTest.ReadUntil(process, "epoch 1/");
        ProgramUnderTest.Signal(process, "USR1"); // which would end a program that does not know it
        ProgramUnderTest.ReadUntil(process, "epoch 2/");
        ProgramUnderTest.Signal(process, "USR2");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.EqualTo(130), error);
        Assert.That(error, Does.StartWith("Interrupted").And.Contain("--resume"));

        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, command);
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        AssertIsWhole("new");
    }

    [Test]
    [Platform("Linux", Reason = "The shell limits the size of files there; a disk that is full fails the same calls.")]
    public void Where_no_checkpoint_can_be_written_it_says_so_and_loses_nothing()
    {
        string[] states = States("run");
        long most = new FileInfo(states[^1]).Length / 1024 / 2;
        string program = $"trap '' XFSZ; ulimit -f {most}; exec dotnet '{typeof(TrainCommand).Assembly.Location}' train --output run --resume";
        using Process process = Process.Start(new ProcessStartInfo("bash", ["-c", program])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["OMP_NUM_THREADS"] = "1", ["DOTNET_TC_CallCounting"] = "0", ["DOTNET_EnableWriteXorExecute"] = "0" }, // its memory would be a file
        })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Multiple(() =>
        {
            Assert.That(process.ExitCode, Is.EqualTo(1));
            Assert.That(error.TrimEnd('\n'), Does.StartWith("error: ").And.Contain("larger than").And.Contain("--resume continues").And.Not.Contain("\n"));
            Assert.That(States("run"), Is.EqualTo(states));
            Assert.That(Directory.GetFiles(_folder["run"], "*.tmp", SearchOption.AllDirectories), Is.Empty);
        });

        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, "train", "--output", "run", "--resume");
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        AssertIsWhole("run");
    }

    [Test]
    public void Without_a_sound_checkpoint_the_user_decides()
    {
        Array.ForEach(States("run"), Spoil);
        Assert.That(
            () => Invoke("--output", _folder["run"], "--resume", "--data", _folder["images"]),
            Throws.TypeOf<DataException>().With.Message.Contains("delete the folder to start from the beginning"));
    }

    [TestCase("null", "not the settings of a run")]
    [TestCase("{ \"batch_size\": -16 }", "run/config.json: batch_size is -16; a whole number from 2 up is wanted")]
    [TestCase("{ \"method\": { \"name\": \"moco\" } }", "method.name is 'moco'")]
    [TestCase("{ \"optimizer\": { \"name\": 7 } }", "optimizer.name is 7")]
    [TestCase("{ \"warmup_epochs\": 1e999 }", "warmup_epochs is 1e999")]
    [TestCase("{ \"compute\": { \"threads\": 1000000000 } }", "compute.threads is 1000000000")]
    [TestCase("{ \"data\": \"@images\" }", "data is not a setting but a section")]
    public void A_config_that_is_not_sound_is_refused(string config, string says)
    {
        File.WriteAllText(_folder["run/config.json"], config);
        Assert.That(() => Invoke("--output", _folder["run"], "--resume"), Throws.TypeOf<DataException>().With.Message.Contains(says));
    }

    [Test]
    public void A_config_that_was_changed_is_refused()
    {
        string path = _folder["run/config.json"];
        JsonNode config = JsonNode.Parse(File.ReadAllText(path))!;
        config["epochs"] = 60;
        File.WriteAllText(path, config.ToJsonString());
        Assert.That(
            () => Invoke("--output", _folder["run"], "--resume", "--data", _folder["images"]),
            Throws.TypeOf<DataException>().With.Message.Contains("epochs 6, not 60"));
    }

    [Test]
    public void Two_processes_do_not_share_a_folder()
    {
        using var other = new RunWriter(_folder["run"], TimeSpan.Zero, Registry.Default);
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(_folder.Path, "train", "--output", "run", "--resume");
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(2));
            Assert.That(outcome.Error, Does.Contain("another process is at work here"));
            Assert.That(
                () => Invoke("--output", _folder["run"]), Throws.TypeOf<DataException>().With.Message.Contains("another process is at work here"), "what is in the folder is looked at under its lock");
        });
    }

    [Test]
    public void Without_an_output_there_is_nothing_to_resume() =>
        Assert.That(() => Invoke("--resume"), Throws.TypeOf<UsageException>().With.Message.Contains("--resume goes with --output"));

    private static int Invoke(params string[] options)
    {
        using Lock.Scope alone = ProgramUnderTest.Alone();
        return TrainCommand.Create(Registry.Default).Parse(options).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static void Spoil(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 0x10;
        File.WriteAllBytes(file, bytes);
    }

    private static string[] States(string run, TemporaryDirectory folder) =>
        [.. Directory.GetFiles(folder[$"{run}/checkpoint"], "state-*.safetensors").Order(StringComparer.Ordinal)];

    private string[] States(string run) => States(run, _folder);

    /// <summary>Compares with the run that was never stopped: weights by the byte, the rest but for what a clock says.</summary>
    private void AssertIsWhole(string run) => Assert.Multiple(() =>
    {
        Assert.That(Digest.OfFile(_folder[$"{run}/checkpoint/model.safetensors"]), Is.EqualTo(Digest.OfFile(_folder["whole/checkpoint/model.safetensors"])));
        Assert.That(
            File.ReadLines(_folder[$"{run}/metrics.jsonl"]).Select(Timeless), Is.EqualTo(File.ReadLines(_folder["whole/metrics.jsonl"]).Select(Timeless)));
        Assert.That(
            Timeless(File.ReadAllText(_folder[$"{run}/result.json"])), Is.EqualTo(Timeless(File.ReadAllText(_folder["whole/result.json"]))));
        Assert.That(File.Exists(_folder[$"{run}/report.html"]));
    });

    private static string Timeless(string json)
    {
        JsonObject members = JsonNode.Parse(json)!.AsObject();
        members.Remove("seconds");
        members.Remove("images_per_second");
        return members.ToJsonString();
    }
}
