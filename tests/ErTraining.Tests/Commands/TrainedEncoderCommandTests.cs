using System.Text.RegularExpressions;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Methods;
using ErLoss.Training.Runs;
using ErTraining.Commands;
using ErTraining.Tests.Data;
using ErTraining.Tests.Embeddings;
using static TorchSharp.torch;

namespace ErTraining.Tests.Commands;

/// <summary>What is done with a trained encoder: <c>embed</c>, <c>search</c> and <c>export</c>, on a folder of images without classes.</summary>
[NonParallelizable]
internal sealed partial class TrainedEncoderCommandTests
{
    private TemporaryDirectory _folder = null!;

    [OneTimeSetUp]
    public void MakeARunAndImages()
    {
        _folder = new TemporaryDirectory();
        using (var writer = new RunWriter(_folder["run"], TimeSpan.Zero, Registry.Default))
        {
            writer.WriteSettings(Given.Settings("threads=1 background=black"));
        }
        using TwoViewMethod method = InitialWeights.Method(Registry.Default, new RunSettings(), images: 256);
        ModelWeights.Save(_folder["run/checkpoint"], method);
        for (byte i = 0; i < 5; i++)
        {
            Picture.Write(_folder[$"pictures/{(i < 2 ? "a, b/" : "")}{i}.png"], Picture.Encode((byte)(50 * i), 40, 36));
        }
        Picture.Write(_folder["pictures/2.png"], Picture.Encode(250, 64, 64));
        Picture.Write(_folder["pictures/3.png"], HandMade.Png(1, 1, 6, [0, 200, 100, 50, 51])); // which the background shows through
        Picture.Write(_folder["query.png"], Picture.Encode(250, 64, 64));
    }

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void A_run_s_encoder_gives_features_finds_images_and_is_exported_and_the_exported_one_gives_the_same_features()
    {
        Run("embed --checkpoint run --data pictures --output new/features.npy");
        string found = Run("search --checkpoint run --data pictures --image query.png --top 3 --output page.html");
        Assert.That(Run("export --checkpoint run --output encoder.safetensors"), Does.Contain("convnet, 388,896 parameters, is in encoder.safetensors."));
        Assert.That(Run("export --checkpoint run --output encoder.onnx --format onnx"), Does.Contain("is in encoder.onnx."));
        string embedded = Run("embed --weights encoder.safetensors --data pictures --output again.npy");
        if (!OperatingSystem.IsWindows()) // where links need a privilege
        {
            File.CreateSymbolicLink(_folder["half.npy"], "new/half.npy");
        }
        Run("embed --weights encoder.safetensors --data pictures --output half.npy --dtype float16");
        string smaller = Run("embed --weights encoder.safetensors --image-size 24 --data pictures --output smaller.npy");
        NpyFile features = NpyFile.Read(_folder["new/features.npy"]), half = NpyFile.Read(_folder["half.npy"]);
        Assert.Multiple(() =>
        {
            Assert.That(smaller, Does.Contain("the weights are for images of 32x32 pixels, and they are given images of 24x24 (--image-size)."));
            Assert.That(embedded, Does.Not.Contain("the weights are for images of"));
            Assert.That((features.Rows, features.Columns), Is.EqualTo((5, 256)));
            Assert.That(File.ReadAllLines(_folder["new/features.csv"]), Is.EqualTo((string[])["path,label,split", "2.png,,", "3.png,,", "4.png,,", "\"a, b/0.png\",\"a, b\",", "\"a, b/1.png\",\"a, b\","]));
            Assert.That(embedded, Does.Contain("encoder.safetensors: 24 tensors taken; nothing left.").And.Contain("The features of 5 images, 256 numbers each, are in again.npy, their paths in again.csv"));
            Assert.That(File.ReadAllBytes(_folder["again.npy"]), Is.EqualTo(File.ReadAllBytes(_folder["new/features.npy"])));
            Assert.That(File.Exists(_folder["new/half.npy"]), Is.Not.EqualTo(OperatingSystem.IsWindows()), "the link was followed");
            Assert.That(half.Values, Is.EqualTo(features.Values.Select(value => (float)(Half)value)));
            using TrainedEncoder loaded = EncoderFile.Load(_folder["encoder.safetensors"]);
            Assert.That(loaded.Preprocessing, Is.EqualTo(new ImagePreprocessing { Background = "000000" }));
            Assert.That(Match().Matches(found).Select(match => match.Groups["file"].Value).First(), Is.EqualTo(Path.Combine("pictures", "2.png")));
            double[] cosines = [.. Match().Matches(found).Select(match => double.Parse(match.Groups["cosine"].Value))];
            Assert.That(cosines, Has.Length.EqualTo(3));
            Assert.That(cosines, Is.Ordered.Descending);
            Assert.That(cosines[0], Is.EqualTo(1));
            string page = File.ReadAllText(_folder["page.html"]);
            Assert.That(page, Does.Contain("Images like query.png").And.Contain("href=\"pictures/2.png\"").And.Contain("<b>1.000</b> 2.png"));
            Assert.That(page, Does.Not.Match("(src|href)=\"(?!data:|pictures/|query)"), "it needs no other file");
        });
    }

    [Test]
    public void Features_that_another_background_gives_are_not_continued()
    {
        using var encoder = new ConvNet();
        Assert.That(Fingerprint("black"), Is.EqualTo(Fingerprint("000000")).And.Not.EqualTo(Fingerprint("white")));

        string Fingerprint(string background) => new ChosenEncoder(encoder, "convnet", new(), "run", CPU, Given.Settings($"background={background}"), word => word).Fingerprint();
    }

    [Test]
    public void Weights_of_torchvision_are_taken_and_a_line_says_how_images_are_given_to_them()
    {
        using (var encoder = new ResNet18(ResNetStem.ImageNet))
        {
            SafeTensors.Write(_folder["tv.safetensors"], NamedTensors.ToSafeTensors(encoder.state_dict()));
        }
        string embedded = Run("embed --weights tv.safetensors --encoder resnet18 --image-size 16 --data pictures --output tv.npy");
        Assert.Multiple(() =>
        {
            Assert.That(embedded, Does.Contain("tv.safetensors: 120 tensors taken; nothing left.").And.Contain("at 16x16 pixels (--image-size), a byte x as (x / 255 - 0.5) / 0.25. Such weights were usually trained at 224x224"));
            Assert.That(NpyFile.Read(_folder["tv.npy"]).Columns, Is.EqualTo(512));
        });
    }

    [Test]
    public void Images_that_cannot_be_read_are_left_out_on_demand_and_the_background_is_the_command_s()
    {
        foreach (string name in (string[])["bad/1.png", "some/1.png", "some/3.png"])
        {
            Picture.Write(_folder[name], [.. "a text"u8]);
        }
        Picture.Write(_folder["some/2.png"], HandMade.Png(1, 1, 6, [0, 9, 9, 9, 0]));
        Picture.Write(_folder["some/4.png"], Picture.Encode(250, 64, 64));

        string embedded = Run("embed --checkpoint run --data some --skip-unreadable --output some.npy");
        Run("embed --checkpoint run --data some --skip-unreadable --background white --output other.npy");
        string found = Run("search --checkpoint run --data some --skip-unreadable --image query.png --top 5 --output some.html");
        ProgramUnderTest.Outcome all = ProgramUnderTest.RunHere(_folder.Path, "embed --checkpoint run --data bad --skip-unreadable --output bad.npy".Split(' '));
        ProgramUnderTest.Outcome large = ProgramUnderTest.RunHere(_folder.Path, "search --checkpoint run --data some --max-pixels 4095 --image query.png".Split(' '));
        NpyFile features = NpyFile.Read(_folder["some.npy"]), other = NpyFile.Read(_folder["other.npy"]);
        Assert.Multiple(() =>
        {
            Assert.That(File.ReadAllLines(_folder["some.csv"]), Is.EqualTo((string[])["path,label,split", "2.png,,", "4.png,,"]));
            Assert.That((features.Rows, other.Rows), Is.EqualTo((2, 2)));
            Assert.That(other.Values[..256], Is.Not.EqualTo(features.Values[..256]));
            Assert.That(other.Values[256..], Is.EqualTo(features.Values[256..]));
            Assert.That(embedded, Does.Contain("Left out: 2 images that cannot be read: 1.png (a text, perhaps, ").And.Contain("The features of 2 images, 256 numbers each, are in some.npy"));
            Assert.That(Match().Matches(found).Select(match => match.Groups["file"].Value), Is.EqualTo([Path.Combine("some", "4.png"), Path.Combine("some", "2.png")]));
            Assert.That(all.Error, Does.StartWith("error: bad: no image can be read: 1.png (a text, perhaps, "));
            Assert.That(large.Error, Does.StartWith("error: query.png: 64x64 pixels; at most 4,095 are read (--max-pixels)."));
        });
    }

    [TestCase("embed --checkpoint run --data bad --output f.npy", "1.png: a text, perhaps, whatever its name; wanted an image (JPEG, PNG, WebP, BMP or GIF). Mend or remove the image, or leave it out with --skip-unreadable.")]
    [TestCase("embed --checkpoint run --image-size 64 --data pictures --output f.npy", "--image-size goes with --weights")]
    [TestCase("embed --data pictures --output f.npy", "--checkpoint or --weights is wanted")]
    [TestCase("embed --checkpoint run --data pictures --output f.parquet", "--output is f.parquet; a name that ends in .npy is wanted")]
    [TestCase("embed --checkpoint run --data pictures --output run", "--output is run; a name")]
    [TestCase("embed --checkpoint run --data nowhere --output f.npy", "nowhere: no such directory; wanted 'synthetic', or a folder of images")]
    [TestCase("embed --checkpoint run --data run --output f.npy", "run: no images (JPEG, PNG, WebP, BMP or GIF) here or in the folders within")]
    [TestCase("embed --checkpoint nowhere --data pictures --output taken.npy", "taken.csv: a folder; --output wants a file there")]
    [TestCase("search --checkpoint nowhere --data pictures --image query.png --output taken.html", "taken.html: cannot be written to as --output: ")]
    [TestCase("search --checkpoint nowhere --data pictures --image query.png --output query.png/page.html", "page.html: cannot be written to as --output: ")]
    [TestCase("embed --checkpoint run --encoder resnet18 --data pictures --output f.npy", "--encoder goes with --weights")]
    [TestCase("embed --checkpoint run --weights w --data pictures --output f.npy", "--checkpoint does not go with --weights")]
    [TestCase("embed --weights large.safetensors --data pictures --output f.npy", "large.safetensors: an encoder for images of 512x512 pixels; images are read at 8x8 to 256x256 here")]
    [TestCase("search --checkpoint run --data pictures --image nowhere.png", "nowhere.png: cannot be read")]
    [TestCase("search --checkpoint run --data pictures --image pictures", "pictures: a folder; wanted a file.")]
    [TestCase("search --checkpoint run --data pictures --image query.png --top 0", "--top is 0; a whole number from 1 to 1000 is wanted")]
    [TestCase("search --checkpoint run --data pictures --image query.png --output pictures", "pictures: a folder; --output wants a file")]
    [TestCase("export --checkpoint run --output e.onnx", "--output is e.onnx, but the format is safetensors; --format onnx, or a name with another ending, is wanted")]
    [TestCase("export --checkpoint run --output e --format pt", "--format is 'pt'; one of safetensors, onnx is wanted")]
    public void It_exits_with_2_and_one_line(string line, string says)
    {
        Directory.CreateDirectory(_folder["taken.csv"]);
        Directory.CreateDirectory(_folder["taken.html.tmp"]); // where the page would be written before it gets its name
        using var encoder = new ConvNet();
        Picture.Write(_folder["bad/1.png"], [.. "a text"u8]);
        EncoderFile.Write(_folder["large.safetensors"], encoder, new ImagePreprocessing { ImageSize = 512 });
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, line.Split(' '));
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(2), outcome.Error);
            Assert.That(outcome.Error, Does.Contain(says));
            Assert.That(outcome.Error.TrimEnd('\n', '\r'), Does.StartWith("error: ").And.Not.Contains("\n"));
        });
    }

    private string Run(string line)
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, line.Split(' '));
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        return outcome.Output;
    }

    [GeneratedRegex(@"^(?<cosine>-?\d\.\d{4})  (?<file>[^\r\n]+)", RegexOptions.Multiline)]
    private static partial Regex Match();
}
