using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;

namespace ErTraining.Tests.Commands;

/// <summary>Bad usage of <c>evaluate</c>, and runs that are not sound.</summary>
[NonParallelizable]
internal sealed class EvaluateBadUsageTests
{
    private TemporaryDirectory _folder = null!;

    [OneTimeSetUp]
    public void TrainOnce()
    {
        _folder = new TemporaryDirectory();
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(
            _folder.Path, "train", "--train-images", "256", "--test-images", "50", "--epochs", "0", "--batch-size", "64", "--output", "run");
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);

        string settings = File.ReadAllText(_folder["run/config.json"]);
        byte[] weights = File.ReadAllBytes(_folder["run/checkpoint/model.safetensors"]);
        MakeRun("damaged", settings[..^20], weights);
        MakeRun("unknown", settings.Replace("convnet", "vit", StringComparison.Ordinal), weights);
        MakeRun("empty", settings, null);
        MakeRun("other", settings.Replace("convnet", "resnet18", StringComparison.Ordinal), weights);
        byte[] infinite = [.. weights];
        infinite.AsSpan(8 + (int)BitConverter.ToInt64(weights), 32 * sizeof(float)).Fill(0xFF); // the encoder's first tensor, right after the header
        MakeRun("infinite", settings, infinite);
        using var encoder = new ConvNet();
        EncoderFile.Write(_folder["enlarging.safetensors"], encoder, new ImagePreprocessing { ImageSize = 8, StandardDeviation = 1e-45 });
    }

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase("", "--checkpoint or --weights is wanted")]
    [TestCase("--checkpoint run --weights w", "--checkpoint does not go with --weights")]
    [TestCase("--weights w --untrained", "--untrained does not go with --weights")]
    [TestCase("--checkpoint run --encoder resnet18", "--encoder goes with --weights")]
    [TestCase("--weights nowhere", "nowhere: cannot be read")]
    [TestCase("--weights run/config.json", "run/config.json: not a safetensors file")]
    [TestCase("--weights run/checkpoint/model.safetensors --encoder resnet18", "model.safetensors: not the weights of this encoder; by its names it holds the encoder convnet. The encoder needs bn1.bias [64],")]
    [TestCase("--checkpoint nowhere", "nowhere: no such directory; wanted the output folder of a training run")]
    [TestCase("--checkpoint .", ".: no config.json here")]
    [TestCase("--checkpoint run --device tpu", "--device is 'tpu'; auto, cpu, cuda or cuda:N is wanted")]
    [TestCase("--checkpoint run --data nowhere", "nowhere: no such directory; wanted 'synthetic'")]
    [TestCase("--checkpoint run --train-images 1", "synthetic: accuracies need the classes of the images, but all training images (1) are of one class; wanted training images of two classes at least")]
    [TestCase("--checkpoint run --output run", "run: a folder; --output wants a file")]
    [TestCase("--checkpoint run --output run/config.json/result.json", "cannot be written to as --output")]
    [TestCase("--checkpoint damaged", "damaged/config.json: not the settings of a run")]
    [TestCase("--checkpoint unknown", "unknown/config.json: encoder.name is 'vit'; one of convnet, resnet18 is wanted")]
    [TestCase("--checkpoint empty", "model.safetensors: not there, so this run has no weights yet")]
    [TestCase("--checkpoint other", "model.safetensors: not the weights of this encoder; by its names it holds the encoder convnet.")]
    [TestCase("--checkpoint infinite --train-images 64", "holds NaN, infinity or numbers that float32 does not reach")]
    [TestCase("--weights enlarging.safetensors --train-images 64 --test-images 16", "features are not all finite numbers", TestName = "The deviation that a file of weights names is used")]
    public void It_exits_with_2_and_one_line(string arguments, string says)
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, ["evaluate", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(2), outcome.Error);
            Assert.That(outcome.Error, Does.Contain(says));
            Assert.That(outcome.Error.TrimEnd('\n', '\r'), Does.StartWith("error: ").And.Not.Contains("\n"));
        });
    }

    private void MakeRun(string name, string settings, byte[]? weights)
    {
        Directory.CreateDirectory(_folder[$"{name}/checkpoint"]);
        File.WriteAllText(_folder[$"{name}/config.json"], settings);
        if (weights is not null)
        {
            File.WriteAllBytes(_folder[$"{name}/checkpoint/model.safetensors"], weights);
        }
    }
}
