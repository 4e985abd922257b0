using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using static TorchSharp.torch;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErLoss.SelfSupervised.Tests.Weights;

/// <summary>Files that do not hold an encoder's weights are refused in a line that says what they hold.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class EncoderMisfitTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string FilePath => _folder["encoder.safetensors"];

    public void Dispose() => _folder.Dispose();

    [Test]
    public void What_does_not_fit_is_refused_in_a_line_that_says_what_is_there()
    {
        using Encoder small = SafeTensorsForTests.Used("convnet"), large = SafeTensorsForTests.Used("resnet18");
        Assert.That(() => EncoderFile.Read(FilePath, small), Refused("cannot be read"));
        EncoderFile.Write(FilePath, small);
        Assert.That(
            () => EncoderFile.Read(FilePath, large),
            Refused(
                "by its names it holds the encoder convnet. The encoder needs bn1.bias [64], bn1.running_mean [64], bn1.running_var [64], bn1.weight [64], "
                + "conv1.weight [64,3,3,3], layer1.0.bn1.bias [64], layer1.0.bn1.running_mean [64], layer1.0.bn1.running_var [64], layer1.0.bn1.weight [64], "
                + "layer1.0.bn2.bias [64] and 90 more. The file has layers.block1.bn.bias [32],"));
        EncoderFile.Write(FilePath, large);
        Assert.That(() => EncoderFile.Read(FilePath, small), Refused("by its names it holds the encoder resnet18 with the stem for small images (3x3). The encoder needs layers.block1.bn.bias [32],"));
    }

    [Test]
    public void Weights_of_other_types_and_shapes_are_listed_and_none_is_taken()
    {
        using var scope = NewDisposeScope();
        using Encoder encoder = SafeTensorsForTests.Used("convnet");
        float before = encoder.state_dict()["layers.block1.bn.bias"].sum().item<float>();
        (string Name, string DType, long[] Shape, byte[] Data)[] weights = [.. SafeTensorsForTests.Of(SafeTensorsForTests.Used("convnet"), "", ScalarType.Float32)];
        int odd = Array.FindIndex(weights, weight => weight.Name == "layers.block4.bn.bias");
        weights[odd] = ("layers.block4.bn.bias", "U64", [256], new byte[2048]);
        SafeTensorsForTests.Write(FilePath, weights);
        Assert.That(() => EncoderFile.Read(FilePath, encoder), Refused("Only float16, bfloat16, float32 and float64 are converted. The encoder needs layers.block4.bn.bias [256]. The file has layers.block4.bn.bias U64 [256]."));
        weights[odd] = ("layers.block4.bn.bias", "F32", [2, 1], new byte[8]);
        SafeTensorsForTests.Write(FilePath, weights);
        Assert.That(() => EncoderFile.Read(FilePath, encoder), Refused("The encoder needs layers.block4.bn.bias [256]. The file has layers.block4.bn.bias [2,1]."));
        byte[] spoilt = new byte[4 * 256];
        BitConverter.GetBytes(float.NaN).CopyTo(spoilt, 0);
        weights[odd] = ("layers.block4.bn.bias", "F32", [256], spoilt);
        SafeTensorsForTests.Write(FilePath, weights);
        Assert.That(() => EncoderFile.Read(FilePath, encoder), Refused("'layers.block4.bn.bias' holds NaN, infinity or"));
        double[] large = [1e300, .. new double[255]];
        weights[odd] = ("layers.block4.bn.bias", "F64", [256], MemoryMarshal.AsBytes(large.AsSpan()).ToArray());
        SafeTensorsForTests.Write(FilePath, weights);
        Assert.That(() => EncoderFile.Read(FilePath, encoder), Refused("'layers.block4.bn.bias' holds NaN, infinity or numbers that float32 does not reach"));
        weights[odd] = ("layers.block4.bn.bias", "F32", [256], new byte[4 * 256]);
        int variance = Array.FindIndex(weights, weight => weight.Name == "layers.block3.bn.running_var");
        BitConverter.GetBytes(-0.5f).CopyTo(weights[variance].Data, 4);
        SafeTensorsForTests.Write(FilePath, weights);
        Assert.That(() => EncoderFile.Read(FilePath, encoder), Refused("'layers.block3.bn.running_var' holds negative numbers; variances, zero or above, are wanted."));
        Assert.That(encoder.state_dict()["layers.block1.bn.bias"].sum().item<float>(), Is.EqualTo(before));
    }

    [Test]
    [CancelAfter(20_000)] // a minute and a half where each dot was the start of another comparison
    public void Names_made_to_take_long_are_refused_and_do_not_reach_a_terminal(CancellationToken cancellation)
    {
        using Encoder encoder = SafeTensorsForTests.Used("convnet");
        SafeTensorsForTests.Write(FilePath, [(string.Concat(Enumerable.Repeat("a.", 200_000)), "F32", [1], new byte[4]), ("x\n\u001b[31m\u202ered", "F32", [1], new byte[4])]);
        string message = Assert.Throws<DataException>(() => EncoderFile.Read(FilePath, encoder))!.Message;
        Assert.That(message, Does.Contain("not the weights of this encoder").And.Not.Contains("\u001b").And.Not.Contains("\u202e").And.Not.Contains("\n"));
        Assert.That(cancellation.IsCancellationRequested, Is.False);
    }

    [TestCase("layer1 2, layer2 2, layer3 2, layer4 2", "conv1.weight [64,3,7,7]", "the encoder resnet18 with ImageNet's stem (7x7)")]
    [TestCase("layer1 2, layer2 2, layer3 2, layer4 2", "conv1.weight [64,3,5,5]", "a ResNet-18, with a 5x5 convolution first")]
    [TestCase("layer1 3, layer2 4, layer3 6, layer4 3", "", "a ResNet-34")]
    [TestCase("layer1 3, layer2 4, layer3 6, layer4 3", "layer1.0.conv3.weight [1]", "a ResNet-50, which has bottleneck blocks")]
    [TestCase("layer1 3, layer2 4, layer3 23, layer4 3", "layer1.0.conv3.weight [1]", "a ResNet-101, which has bottleneck blocks")]
    [TestCase("layer1 1, layer2 1, layer3 1, layer4 1", "", "a ResNet of 1+1+1+1 basic blocks")]
    [TestCase("", "blocks.0.attn.qkv.weight [1]", "a vision transformer (ViT)")]
    [TestCase("", "encoder.layers.encoder_layer_0.self_attention.in_proj_weight [1]", "a vision transformer (ViT)")]
    [TestCase("", "0.4.0.conv1.weight [1]", "a ResNet whose parts are numbered, as those of nn.Sequential(*resnet.children()) are")]
    [TestCase("", "linear.weight [1]", null)]
    public void The_names_tell_which_encoder_a_file_is_of(string layers, string others, string? encoder)
    {
        var names = new Dictionary<string, SafeTensor>();
        foreach (string[] layer in layers.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(layer => layer.Split(' ')))
        {
            for (int block = 0; block < int.Parse(layer[1], CultureInfo.InvariantCulture); block++)
            {
                names[$"module.{layer[0]}.{block}.conv1.weight"] = new SafeTensor("F32", [], new byte[4]);
            }
        }
        if (others.Split(' ') is [var name, var shape])
        {
            names[$"module.{name}"] = new SafeTensor("F32", JsonSerializer.Deserialize<long[]>(shape)!, []);
        }
        Assert.That(EncoderGuess.Describe(names), Is.EqualTo(encoder));
    }

    [Test]
    public void A_ResNet_34_is_no_ResNet_18_though_it_has_all_its_names()
    {
        using var scope = NewDisposeScope();
        using Encoder encoder = Registry.Default.CreateEncoder("convnet");
        SafeTensorsForTests.Write(FilePath, [.. SafeTensorsForTests.Of(encoder, "backbone.", ScalarType.Float32), ("backbone.layers.block5.conv.weight", "F32", [1], new byte[4])]);
        Assert.That(() => EncoderFile.Read(FilePath, encoder), Refused("The file has layers.block5.conv.weight [1]."));
    }

    private static IEnumerable<TestCaseData> ForeignFiles()
    {
        const string Lines = "import torch, safetensors.torch; w = torch.load(";
        byte[] rest = new byte[100];
        yield return Case("A file of torch.save", [.. "PK"u8, 3, 4, .. rest[..26], .. "archive/data.pkl"u8, .. rest], $"a file of torch.save (PyTorch); a safetensors file is wanted. Python converts it: {Lines}");
        yield return Case("A file of older versions' torch.save", [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, .. rest], $"a pickle, as torch.save of older versions of PyTorch writes it; a safetensors file is wanted. Python converts it: {Lines}");
        yield return Case("Another archive", [.. "PK"u8, 3, 4, .. rest], "a ZIP archive; a safetensors file is wanted");
        yield return Case("A pointer", Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"), "a pointer of Git LFS, which stands for the file itself; 'git lfs pull'");
        yield return Case("A web page", Encoding.UTF8.GetBytes("<!DOCTYPE html><html></html>"), "a web page");
        yield return Case("A network of Keras", [0x89, .. "HDF\r\n"u8, 0x1a, (byte)'\n', .. rest], "an HDF5 file");
        yield return Case("A network for ONNX Runtime", [8, 10, 0x12, 6, .. "ErLoss"u8, .. rest], "an ONNX file, which is for other programs; a safetensors file is wanted");
        yield return Case("A text", Encoding.UTF8.GetBytes("no weights"), "not a safetensors file");
        static TestCaseData Case(string name, byte[] file, string says) => new TestCaseData(file, says).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(ForeignFiles))]
    public void A_file_of_another_kind_is_told_for_what_it_is(byte[] file, string says)
    {
        using Encoder encoder = Registry.Default.CreateEncoder("convnet");
        File.WriteAllBytes(FilePath, file);
        Assert.That(() => EncoderFile.Read(FilePath, encoder), Refused(says));
    }

    [Test]
    public void The_conversion_names_the_file_as_Python_writes_it()
    {
        Assume.That(Path.DirectorySeparatorChar, Is.EqualTo('/'), "names on Windows hold neither character");
        string path = _folder["a\"b\\c.pth"];
        File.WriteAllBytes(path, [0x80, 2, .. new byte[100]]);
        using Encoder encoder = Registry.Default.CreateEncoder("convnet");
        Assert.That(
            () => EncoderFile.Read(path, encoder),
            Throws.TypeOf<DataException>().With.Message.Contains("/a\\\"b\\\\c.pth\", map_location").And.Message.Contains("/a\\\"b\\\\c.safetensors\")"));
    }

    private NUnit.Framework.Constraints.ContainsConstraint Refused(string says) =>
        Throws.TypeOf<DataException>().With.Message.StartsWith(FilePath).And.Message.Not.Contains("\n").And.Message.Contains(says);
}
