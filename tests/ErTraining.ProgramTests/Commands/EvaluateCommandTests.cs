using System.Diagnostics;
using System.Text.Json;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Commands;

[Parallelizable] // with other fixtures whose work is done by processes of their own
internal sealed class EvaluateCommandTests
{
    private const int TestImages = 150; // fewer than come with the built-in images

    private static readonly string[] s_resultMembers =
    [
        "checkpoint", "encoder", "untrained", "data", "device", "train_images", "test_images", "labelled_train_images", "labelled_test_images", "feature_dimension", "knn_accuracy", "knn_class_accuracy", "knn_accuracy_interval",
        "linear_probe_accuracy", "linear_probe_accuracy_interval", "linear_probe_train_accuracy", "linear_probe_penalty", "linear_probe_iterations", "linear_probe_converged", "seconds",
    ];

    private TemporaryDirectory _folder = null!;
    private ProgramUnderTest.Outcome _first = null!;

    [OneTimeSetUp]
    public void TrainAndEvaluateOnce()
    {
        _folder = new TemporaryDirectory();
        CifarWriter.Write(SyntheticImages.Create(300, TestImages, seed: 2), _folder["images"]);
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(
            _folder.Path, "train", "--data", "images", "--train-images", "256", "--image-size", "24", "--encoder-width", "8", "--epochs", "1", "--batch-size", "64", "--seed", "3", "--output", "run");
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        _first = Evaluate("--checkpoint", "run", "--output", "new/folder/first.json");
    }

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void It_measures_the_encoder_on_the_run_s_own_images_as_training_did()
    {
        Assert.That(_first.ExitCode, Is.Zero, _first.Error);
        JsonElement result = Read("new/folder/first.json");
        Assert.Multiple(() =>
        {
            Assert.That(result.EnumerateObject().Select(member => member.Name), Is.EquivalentTo(s_resultMembers));
            Assert.That(Number(result, "knn_accuracy"), Is.EqualTo(Number(Read("run/result.json"), "knn_accuracy")));
            Assert.That(_first.Output, Does.Contain("kNN accuracy by class: "));
            Assert.That(result.GetProperty("knn_class_accuracy").GetRawText(), Is.EqualTo(Read("run/result.json").GetProperty("class_accuracy").GetRawText()));
            Assert.That(Number(result, "train_images"), Is.EqualTo(256));
            Assert.That(Number(result, "test_images"), Is.EqualTo(TestImages));
            Assert.That(Number(result, "feature_dimension"), Is.EqualTo(64));
            Assert.That(Number(result, "linear_probe_accuracy"), Is.GreaterThan(0.1).And.LessThan(1), "better than chance");
            Assert.That(Number(result, "linear_probe_train_accuracy"), Is.GreaterThan(Number(result, "linear_probe_accuracy")));
            Assert.That(result.GetProperty("linear_probe_converged").GetBoolean());
            foreach (string accuracy in (string[])["knn_accuracy", "linear_probe_accuracy"])
            {
                JsonElement interval = result.GetProperty($"{accuracy}_interval");
                Assert.That(Number(result, accuracy), Is.GreaterThan(Number(interval, "low")).And.LessThan(Number(interval, "high")));
            }
            Assert.That(_first.Output.Split("95% confidence interval"), Has.Length.EqualTo(3), "of either accuracy");
            Assert.That(_first.Output, Does.Contain("convnet (width 8), trained with simclr, 64 features").And.Contain("kNN accuracy").And.Contain("linear-probe accuracy"));
            Assert.That(_first.Output, Does.Not.Contain("\e"), "a pipe gets no terminal codes");
        });
    }

    [Test]
    public void The_checkpoint_folder_will_do_and_the_result_is_the_same_every_time()
    {
        ProgramUnderTest.Outcome again = ProgramUnderTest.RunHere(
            _folder["run/checkpoint"], "evaluate", "--checkpoint", ".", "--output", _folder["second.json"]);
        Assert.That(again.ExitCode, Is.Zero, again.Error);
        Assert.That(Values("second.json"), Is.EqualTo(Values("new/folder/first.json")));

        IEnumerable<(string, string)> Values(string file) => Read(file).EnumerateObject()
            .Where(member => member.Name is not "seconds" and not "checkpoint" and not "data").Select(member => (member.Name, member.Value.ToString()));
    }

    [Test]
    public void The_untrained_encoder_is_the_one_that_training_began_with()
    {
        ProgramUnderTest.Outcome outcome = Evaluate("--checkpoint", "run", "--untrained", "--output", "untrained.json");
        Assert.Multiple(() =>
        {
            Assert.That(outcome.Output, Does.Contain("convnet (width 8), untrained"));
            Assert.That(Number(Read("untrained.json"), "knn_accuracy"), Is.EqualTo(Number(Read("run/result.json"), "knn_accuracy_before")));
        });
    }

    [Test]
    public void Other_images_can_be_given()
    {
        for (byte i = 0; i < 13; i++)
        {
            Data.Picture.Write(_folder[$"pictures/{(i < 6 ? "dark" : i < 12 ? "bright" : "unlabeled")}/{i}.png"], Data.Picture.Encode((byte)(20 * i)));
        }
        ProgramUnderTest.Outcome outcome = Evaluate("--checkpoint", "run", "--data", "pictures", "--output", "pictures.json");
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
            Assert.That(outcome.Output, Does.Contain("pictures: 11 training and 2 test images of 24x24 pixels, of which 10 and 2 have labels"));
            Assert.That((Number(Read("pictures.json"), "train_images"), Number(Read("pictures.json"), "labelled_train_images"), Number(Read("pictures.json"), "labelled_test_images")), Is.EqualTo((11, 10, 2)));
            Assert.That(Read("pictures.json").GetProperty("data").GetString(), Is.EqualTo("pictures"));
        });
    }

    [Test]
    public void An_exported_encoder_is_the_run_s_and_can_be_evaluated_and_trained_on()
    {
        ProgramUnderTest.Outcome exported = ProgramUnderTest.RunHere(_folder.Path, "export", "--checkpoint", "run", "--output", "new/encoder.safetensors");
        Assert.That(exported.Output, Is.EqualTo($"convnet (width 8), 24,648 parameters, is in new/encoder.safetensors.{Environment.NewLine}"), exported.Error);

        ProgramUnderTest.Outcome evaluated = Evaluate("--weights", "new/encoder.safetensors", "--train-images", "256", "--data", "images", "--output", "weights.json");
        Assert.That(evaluated.ExitCode, Is.Zero, evaluated.Error);
        ProgramUnderTest.Outcome trained = ProgramUnderTest.RunHere(
            _folder.Path, "train", "--weights", "new/encoder.safetensors", "--data", "images", "--train-images", "256", "--image-size", "24", "--epochs", "0", "--seed", "3", "--output", "on");
        Assert.That(trained.ExitCode, Is.Zero, trained.Error);
        Assert.Multiple(() =>
        {
            Assert.That(evaluated.Output, Does.Contain("convnet (width 8), the weights in new/encoder.safetensors").And.Contain("scaled to 24x24"), "the size is in the file");
            foreach (string output in (string[])[evaluated.Output, trained.Output])
            {
                Assert.That(output, Does.Contain("new/encoder.safetensors: 24 tensors taken; nothing left."));
            }
            Assert.That(trained.Output, Does.Contain("kNN accuracy of the encoder with the weights in new/encoder.safetensors: ").And.Not.Contain("untrained"));
            Assert.That(Number(Read("on/result.json"), "knn_accuracy_before"), Is.EqualTo(Number(Read("run/result.json"), "knn_accuracy")));
            Assert.That(Read("on/config.json").GetProperty("encoder").GetProperty("weights").GetString(), Is.EqualTo("../new/encoder.safetensors"), "relative to the file of settings");
        });
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows has no signals to send to another process.")]
    public void An_interrupt_ends_it_with_130_and_writes_nothing()
    {
        using Process process = ProgramUnderTest.Start(_folder.Path, "evaluate", "--checkpoint", "run", "--data", "synthetic", "--train-images", "10000", "--output", "interrupted.json");
        ProgramUnderTest.ReadUntil(process, "convnet"); // its first line; the images are yet to come
        ProgramUnderTest.Signal(process, "TERM");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Multiple(() =>
        {
            Assert.That(process.ExitCode, Is.EqualTo(130), error);
            Assert.That(error, Does.StartWith("Interrupted"));
            Assert.That(File.Exists(_folder["interrupted.json"]), Is.False);
        });
    }

    [TestCase("evaluate")]
    [TestCase("export")]
    public void Features_that_come_out_wrong_end_it_with_1_and_one_line(string command)
    {
        Directory.CreateDirectory(_folder["unlucky/checkpoint"]);
        File.Copy(_folder["run/config.json"], _folder["unlucky/config.json"], overwrite: true);
        using (ProgramUnderTest.Alone())
        using (TwoViewMethod method = InitialWeights.Method(Registry.Default, Registry.Default.Document.With(new RunSettings(), [("encoder_width", "8")]), images: 256))
        {
            MakeTooFineForFloat32((ConvNet)method.Encoder);
            ModelWeights.Save(_folder["unlucky/checkpoint"], method);
        }
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, command, "--checkpoint", "unlucky", "--output", "unlucky/out");
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(1), outcome.Error);
            Assert.That(outcome.Error.TrimEnd('\n', '\r'), Does.Match("^error: This machine's libtorch computes .* set ONEDNN_MAX_CPU_ISA=AVX2 in the environment and start again\\.$"));
            Assert.That(File.Exists(_folder["unlucky/out"]), Is.False);
        });
    }

    /// <summary>
    /// Weights whose features float32 loses and float64 keeps, as any machine shows: what the third block says of an image is a ten-millionth of
    /// its maps, and the fourth subtracts the rest and enlarges what is left.
    /// </summary>
    private static void MakeTooFineForFloat32(ConvNet encoder)
    {
        using DisposeScope scope = NewDisposeScope();
        using var frozen = no_grad();
        Dictionary<string, Tensor> weights = encoder.state_dict();
        weights["layers.block3.bn.weight"].fill_(1e-7);
        weights["layers.block3.bn.bias"].fill_(1);
        Tensor last = weights["layers.block4.conv.weight"], middle = last.narrow(2, 1, 1).narrow(3, 1, 1).clone();
        last.zero_(); // but for the middle, so that all sites are alike
        last.narrow(2, 1, 1).narrow(3, 1, 1).copy_(middle);
        weights["layers.block4.bn.running_mean"].copy_(middle.sum([1, 2, 3], type: ScalarType.Float64));
        weights["layers.block4.bn.weight"].fill_(1e7);
    }

    private ProgramUnderTest.Outcome Evaluate(params string[] arguments) => ProgramUnderTest.RunHere(_folder.Path, ["evaluate", .. arguments]);

    private JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllText(_folder[file])).RootElement;

    private static double Number(JsonElement result, string member) => result.GetProperty(member).GetDouble();
}
