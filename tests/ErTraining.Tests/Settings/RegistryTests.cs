using System.Text.Json;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Encoders;
using ErLoss.Training.Settings;
using ErTraining.Tests.Commands;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Tests.Settings;

/// <summary>An encoder that the program does not know is trained by it, with options, help and schema of its own.</summary>
[NonParallelizable]
internal sealed class RegistryTests
{
    private static readonly Registry s_registry = Registry.Default.WithEncoder<PatchSettings>("patches", settings => new Patches(settings));

    [Test]
    public void An_encoder_of_one_s_own_is_trained_evaluated_and_exported()
    {
        using var folder = new TemporaryDirectory();
        ProgramUnderTest.Outcome trained = Run(
            folder, "train --encoder patches --width 24 --train-images 64 --test-images 50 --batch-size 32 --epochs 1 --evaluations 1 --threads 1 --output run");
        ProgramUnderTest.Outcome evaluated = Run(folder, "evaluate --checkpoint run --train-images 64 --test-images 50 --threads 1 --output result.json");
        ProgramUnderTest.Outcome exported = Run(folder, "export --checkpoint run --output encoder.safetensors");
        Assert.Multiple(() =>
        {
            Assert.That(trained.ExitCode, Is.Zero, trained.Error);
            Assert.That(evaluated.ExitCode, Is.Zero, evaluated.Error);
            Assert.That(exported.ExitCode, Is.Zero, exported.Error);
            JsonElement encoder = JsonElement.Parse(File.ReadAllText(folder["run/config.json"])).GetProperty("encoder");
            Assert.That(encoder.GetProperty("name").GetString(), Is.EqualTo("patches"));
            Assert.That(encoder.GetProperty("width").GetInt32(), Is.EqualTo(24));
            JsonElement result = JsonElement.Parse(File.ReadAllText(folder["result.json"]));
            Assert.That(result.GetProperty("feature_dimension").GetInt32(), Is.EqualTo(24));
            Assert.That(
                result.GetProperty("knn_accuracy").GetDouble(),
                Is.EqualTo(JsonElement.Parse(File.ReadAllText(folder["run/result.json"])).GetProperty("knn_accuracy").GetDouble()));
        });
    }

    [TestCase("train --encoder patches --width 0", "--width is 0; a whole number from 1 to 512 is wanted")]
    [TestCase("train --encoder patches --method dino --small-crops 1 --small-crop-size 3 --train-images 10 --test-images 10 --batch-size 4", "--small-crop-size is 3, but the encoder patches cannot take images of 3×3 pixels; another size or another encoder is wanted. It says: ")]
    [TestCase("train --width 3", "--width has no meaning here; it goes with encoder patches")]
    public void Its_settings_are_checked_as_others_are(string line, string says)
    {
        using var folder = new TemporaryDirectory();
        ProgramUnderTest.Outcome outcome = Run(folder, line);
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.Contain(says));
    }

    [Test]
    public void Help_and_schema_have_it()
    {
        using var folder = new TemporaryDirectory();
        Assert.That(Run(folder, "train --help").Output, Does.Contain("--width").And.Contain("Channels of a patch. With encoder patches. [default: 16]"));
        string schema = Run(folder, "train --print-schema").Output;
        Assert.That(
            JsonElement.Parse(schema).GetProperty("properties").GetProperty("encoder").GetProperty("anyOf")[2].GetProperty("properties").GetProperty("width").GetProperty("default").GetInt32(),
            Is.EqualTo(16));
    }

    [Test]
    public void A_name_a_record_or_a_word_that_is_taken_is_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => s_registry.WithEncoder<OtherSettings>("patches", _ => new ConvNet()), Throws.ArgumentException.With.Message.Contains("'patches'"));
            Assert.That(() => s_registry.WithEncoder<PatchSettings>("again", _ => new ConvNet()), Throws.ArgumentException.With.Message.Contains("PatchSettings"));
            Assert.That(() => s_registry.WithEncoder<OtherSettings>("other", _ => new ConvNet()), Throws.ArgumentException.With.Message.Contains("'compute.threads'"));
        });
    }

    private static ProgramUnderTest.Outcome Run(TemporaryDirectory folder, string line) => ProgramUnderTest.RunHere(folder.Path, s_registry, line.Split(' '));

    private sealed record PatchSettings : EncoderSettings
    {
        [Setting("Channels of a patch.", Least = 1, Most = 512)]
        public int Width { get; init; } = 16;
    }

    private sealed record OtherSettings : EncoderSettings
    {
        [Setting("Threads of a weaver.")]
        public int Threads { get; init; }
    }

    /// <summary>A convolution over patches of four by four pixels.</summary>
    private sealed class Patches : Encoder
    {
        private readonly PatchSettings _settings;
        private readonly ImageConvolution patches;

        public Patches(PatchSettings settings)
            : base(nameof(Patches), settings.Width)
        {
            _settings = settings;
            patches = new ImageConvolution(3, settings.Width, kernelSize: 4, stride: 4);
            RegisterComponents();
        }

        protected override Encoder Fresh() => new Patches(_settings);

        protected override Tensor Maps(Tensor images) => functional.relu(patches.call(images));
    }
}
