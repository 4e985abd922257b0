using System.Globalization;
using System.Text.RegularExpressions;
using ErLoss.Package.Tests;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training.Data;
using ErTraining.Tests.Commands;
using static TorchSharp.torch;

namespace ErTraining.Tests.Documentation;

/// <summary>The programs of docs/using-the-encoder.md, which are those of the folder samples.</summary>
[Parallelizable] // with other fixtures whose work is done by processes of their own
internal sealed partial class UsingTheEncoderTests
{
    private const string WithLibtorch = "encoder-features.cs", WithOnnx = "onnx-features.cs";

    [Test]
    public void The_page_shows_the_samples()
    {
        string[] blocks = [.. MarkdownFile.All.Single(file => file.Name == "docs/using-the-encoder.md").CodeBlocks("cs").Select(block => block.Code.Trim())];
        Assert.That(blocks, Has.Length.EqualTo(2));
        Assert.That(Sample(WithLibtorch), Does.EndWith(blocks[0]));
        Assert.That(Sample(WithOnnx), Does.Contain(blocks[1]).And.EndsWith(blocks[0][blocks[0].IndexOf("static double Product", StringComparison.Ordinal)..]));
    }

    [Test]
    public void The_sample_gives_features_of_pictures_as_training_reads_them()
    {
        using var folder = new TemporaryDirectory();
        string pictures = Path.Combine(Repository.Root, "tests", "ErTraining.Tests", "Data", "Pictures");
        string turned = Path.Combine(pictures, "orient6.jpg"), transparent = Path.Combine(pictures, "rgba_hidden.png");
        using var scope = NewDisposeScope();
        using ConvNet encoder = Encoder();
        EncoderFile.Write(folder["encoder.safetensors"], encoder, new ImagePreprocessing { Background = "ff8000" });
        using var program = new OwnProgram("MyProgram", Directive().Replace(Sample(WithLibtorch), ""));
        ProgramUnderTest.Outcome outcome = program.RunHere(folder, $"encoder.safetensors {turned} {transparent}");

        Tensor features = Features.Compute(encoder, tensor((byte[])[.. Pixels(turned), .. Pixels(transparent)], device: CPU).view(2, 3, 32, 32));
        double cosine = nn.functional.cosine_similarity(features[0], features[1], dim: 0).item<float>();
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        Assert.That(outcome.Output, Does.StartWith("256 features, cosine "));
        Assert.That(double.Parse(outcome.Output.Split(' ')[^1], CultureInfo.InvariantCulture), Is.EqualTo(cosine).Within(1e-4));

        static ConvNet Encoder()
        {
            using Lock.Scope alone = ProgramUnderTest.Alone(); // its weights are drawn
            return new ConvNet();
        }

        static byte[] Pixels(string file)
        {
            byte[] pixels = new byte[ImageSet.BytesAt(ImageSet.DefaultSize)];
            new ImageDecoder(new(ImageSet.DefaultSize, ImageColour.Parse("ff8000")!.Value, MaxPixels: 1 << 26)).Read(file, pixels);
            return pixels;
        }
    }

    private static string Sample(string name) => File.ReadAllText(Path.Combine(Repository.Root, "samples", name)).ReplaceLineEndings("\n").Trim();

    [GeneratedRegex("^#.*$", RegexOptions.Multiline)]
    private static partial Regex Directive();
}
