using System.Text.Json.Nodes;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErTraining.CommandLine;

namespace ErTraining.Tests.Commands;

/// <content>Options beside <c>--resume</c>: more epochs, other settings, other places of the images.</content>
internal sealed partial class ResumeCommandTests
{
    [Test]
    public void A_finished_run_is_left_alone()
    {
        byte[] metrics = File.ReadAllBytes(_folder["whole/metrics.jsonl"]), result = File.ReadAllBytes(_folder["whole/result.json"]);
        Assert.That(Invoke("--output", _folder["whole"], "--resume"), Is.Zero);
        Assert.That(File.ReadAllBytes(_folder["whole/metrics.jsonl"]), Is.EqualTo(metrics));
        Assert.That(File.ReadAllBytes(_folder["whole/result.json"]), Is.EqualTo(result));
    }

    [Test]
    public void A_finished_run_goes_on_to_more_epochs_and_a_run_that_was_killed_too()
    {
        string[] before = File.ReadAllLines(_folder["whole/metrics.jsonl"]);
        string[] extend = ["--output", _folder["whole"], "--resume", "--epochs", "7", "--data", _folder["images"]];
        string state = States("whole").Single(), kept = Digest.OfFile(state);
        Assert.That(Invoke([.. extend, "--max-time", "1s"]), Is.EqualTo(75), "this process is older than that");
        Assert.That(Digest.OfFile(state), Is.EqualTo(kept), "nothing of the run was changed");
        // An extension that was stopped between its first checkpoint and its first step has the weights in its state, but no optimizer.
        StateFile.Write(state, StateFile.Read(state) with { Method = ModelWeights.Read(_folder["whole/checkpoint"]) });
        Assert.That(Invoke(extend), Is.Zero);
        JsonNode config = Json("whole/config.json"), result = Json("whole/result.json");
        string[] after = File.ReadAllLines(_folder["whole/metrics.jsonl"]);
        Assert.Multiple(() =>
        {
            Assert.That(after[..6], Is.EqualTo(before));
            Assert.That((int)JsonNode.Parse(after[6])!["epoch"]!, Is.EqualTo(7));
            Assert.That(after, Has.Length.EqualTo(7));
            Assert.That(((int)config["epochs"]!, (string?)config["restarts"]), Is.EqualTo((7, "36:6!")));
            Assert.That((int)result["epochs"]!, Is.EqualTo(7));
            Assert.That(
                () => Invoke("--output", _folder["whole"], "--resume", "--epochs", "5"),
                Throws.TypeOf<UsageException>().With.Message.Contains("has done 7 epochs; give a number above 7"));
        });

        string weights = Digest.OfFile(_folder["whole/checkpoint/model.safetensors"]);
        Assert.That(Invoke("--config", _folder["whole/config.json"], "--output", _folder["again"]), Is.Zero);
        Assert.That(Digest.OfFile(_folder["again/checkpoint/model.safetensors"]), Is.EqualTo(weights), "its config repeats the extended run");

        ProgramUnderTest.Outcome killed = ProgramUnderTest.RunHere(_folder.Path, "train", "--output", "run", "--resume", "--epochs", "4");
        Assert.Multiple(() =>
        {
            Assert.That(killed.ExitCode, Is.Zero, killed.Error);
            Assert.That(killed.Output, Does.Match("The run has 4 epochs in place of 6: the learning rate, and the EMA coefficient of a teacher, start a new schedule here, after step 1[0-9]"));
            Assert.That((int)Json("run/result.json")["epochs"]!, Is.EqualTo(4));
        });

        JsonNode Json(string file) => JsonNode.Parse(File.ReadAllText(_folder[file]))!;
    }

    [Test]
    public void A_run_is_over_once_all_that_it_leaves_is_written_and_without_its_state_no_epochs_are_added()
    {
        string[] resume = ["--output", _folder["whole"], "--resume", "--data", _folder["images"]];
        string state = States("whole").Single();
        File.Delete(_folder["whole/result.json"]);
        Directory.CreateDirectory(_folder["whole/result.json"]); // so that the result cannot be written
        Assert.That(() => Invoke(resume), Throws.TypeOf<TrainingFailedException>());
        Assert.That(StateFile.Read(state).HasWeights, Is.False, "the state was left as a finished run leaves it, before the result");

        Directory.Delete(_folder["whole/result.json"]);
        File.WriteAllText(_folder["whole/result.json"], "{}");
        File.Delete(state);
        Assert.That(
            () => Invoke([.. resume, "--epochs", "7"]), Throws.TypeOf<DataException>().With.Message.Contains("the checkpoint of this finished run is missing"));
    }

    [TestCase("--kappa 5", "kappa 10, not 5")]
    [TestCase("--epochs 7 --seed 1", "seed 0, not 1")]
    [TestCase("--epochs 1", "--epochs is 1, but the run in")]
    [TestCase("--method byol", "method simclr, not byol")]
    [TestCase("--learn-kappa", "learn_kappa false, not true")]
    [TestCase("--estimator plugin", "estimator joe, not plugin")]
    [TestCase("--prototypes 3", "--prototypes has no meaning here; it goes with method dino")]
    [TestCase("--preset lightly", "preset none, not lightly")]
    public void Options_of_another_run_are_refused(string options, string says) => Assert.That(
        () => Invoke(["--output", _folder["run"], "--resume", .. options.Split(' ')]),
        Throws.TypeOf<UsageException>().With.Message.Contains(says));

    [Test]
    public void Images_may_have_moved_but_must_be_the_same()
    {
        Directory.Move(_folder["images"], _folder["moved"]);
        Assert.That(() => Invoke("--output", _folder["run"], "--resume"), Throws.TypeOf<DataException>().With.Message.Contains("was begun with images there; give the folder in which they are now with --data DIR"));
        string file = _folder["moved/data_batch_1.bin"];
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.That(
            () => Invoke("--output", _folder["run"], "--resume", "--data", _folder["moved"]),
            Throws.TypeOf<DataException>().With.Message.Contains("not the images that the run began with"));
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.That(Invoke("--output", _folder["run"], "--resume", "--data", _folder["moved"]), Is.Zero);
        AssertIsWhole("run");
    }
}
