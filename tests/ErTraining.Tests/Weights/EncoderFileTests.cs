using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using static TorchSharp.torch;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErTraining.Tests.Weights;

/// <summary>
/// Encoders go to other programs and come back. The reader and the writer here are independent of the program's: a few lines by the format's
/// specification (github.com/huggingface/safetensors, "Format").
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class EncoderFileTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string FilePath => _folder["encoder.safetensors"];

    public void Dispose() => _folder.Dispose();

    [TestCase("convnet")]
    [TestCase("resnet18")]
    public void What_is_written_another_reader_reads(string name)
    {
        using var scope = NewDisposeScope();
        using Encoder encoder = Used(name);
        EncoderFile.Write(FilePath, encoder);

        Dictionary<string, (string DType, long[] Shape, byte[] Data)> read = ReadByTheBook(FilePath);
        IReadOnlyDictionary<string, Tensor> wanted = encoder.state_dict();
        Assert.That(read.Keys, Is.EquivalentTo(wanted.Keys));
        foreach ((string key, Tensor tensor) in wanted)
        {
            (string dtype, long[] shape, byte[] data) = read[key];
            Assert.That(shape, Is.EqualTo(tensor.shape), key);
            if (dtype == "I64")
            {
                Assert.That(MemoryMarshal.Cast<byte, long>(data).ToArray(), Is.EqualTo(tensor.data<long>().ToArray()), key);
            }
            else
            {
                Assert.That(dtype, Is.EqualTo("F32"), key);
                Assert.That(MemoryMarshal.Cast<byte, float>(data).SequenceEqual(tensor.contiguous().data<float>().ToArray()), key);
            }
        }
    }

    [TestCase("convnet", "")]
    [TestCase("resnet18", "")]
    [TestCase("resnet18", "encoder.")]
    public void What_another_writer_wrote_is_read_to_the_last_bit(string name, string prefix)
    {
        using var scope = NewDisposeScope();
        using Encoder encoder = Used(name), other = Registry.Default.CreateEncoder(name);
        EncoderFile.Write(FilePath, encoder);
        Dictionary<string, (string DType, long[] Shape, byte[] Data)> weights = ReadByTheBook(FilePath);
        WriteByTheBook(
            _folder["other.safetensors"],
            weights.Reverse().Select(weight => (prefix + weight.Key, weight.Value.DType, weight.Value.Shape, weight.Value.Data))
                .Prepend(("fc.weight", "F32", [10, 2], new byte[80]))); // as torchvision's networks have, and encoders here have not

        EncoderFile.Read(_folder["other.safetensors"], other);

        encoder.eval();
        other.eval();
        Tensor images = randn(4, 3, 32, 32);
        Assert.That(other.call(images).equal(encoder.call(images)).all().item<bool>());
    }

    [Test]
    public void ResNet_18_has_the_names_of_torchvision_s()
    {
        using var encoder = new ResNet18();
        EncoderFile.Write(FilePath, encoder);
        Assert.That(ReadByTheBook(FilePath).Keys, Is.SupersetOf(new[]
        {
            "conv1.weight", "bn1.running_var", "bn1.num_batches_tracked", "layer1.0.conv1.weight", "layer4.1.bn2.bias", "layer2.0.downsample.0.weight", "layer2.0.downsample.1.running_mean",
        }));
    }

    [Test]
    public void What_does_not_fit_is_refused_in_a_line()
    {
        using Encoder small = Used("convnet"), large = Used("resnet18");
        Assert.That(() => EncoderFile.Read(FilePath, small), Refused("cannot be read"));
        EncoderFile.Write(FilePath, large);
        Assert.That(() => EncoderFile.Read(FilePath, small), Refused("stands in only one of the file and the model"));
        File.WriteAllText(FilePath, "no weights");
        Assert.That(() => EncoderFile.Read(FilePath, small), Refused("not a safetensors file"));
        WriteByTheBook(FilePath, small.state_dict().Select(entry => (entry.Key, "F16", entry.Value.shape, new byte[2 * entry.Value.numel()])));
        Assert.That(() => EncoderFile.Read(FilePath, small), Refused("is F16"));
    }

    private NUnit.Framework.Constraints.ContainsConstraint Refused(string says) =>
        Throws.TypeOf<DataException>().With.Message.StartsWith(FilePath).And.Message.Not.Contains("\n").And.Message.Contains(says);

    /// <summary>An encoder whose running statistics are no longer those it was made with.</summary>
    private static Encoder Used(string name)
    {
        using var scope = NewDisposeScope();
        Encoder encoder = Registry.Default.CreateEncoder(name);
        encoder.train();
        encoder.call(randn(8, 3, 32, 32));
        return encoder;
    }

    private static Dictionary<string, (string DType, long[] Shape, byte[] Data)> ReadByTheBook(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int start = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, start - 8));
        return header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__").ToDictionary(
            entry => entry.Name,
            entry =>
            {
                int[] offsets = entry.Value.GetProperty("data_offsets").Deserialize<int[]>()!;
                return (entry.Value.GetProperty("dtype").GetString()!, entry.Value.GetProperty("shape").Deserialize<long[]>()!, file[(start + offsets[0])..(start + offsets[1])]);
            });
    }

    private static void WriteByTheBook(string path, IEnumerable<(string Name, string DType, long[] Shape, byte[] Data)> tensors)
    {
        var header = new JsonObject();
        using var data = new MemoryStream();
        foreach ((string name, string dtype, long[] shape, byte[] bytes) in tensors)
        {
            long begin = data.Length;
            data.Write(bytes);
            header[name] = new JsonObject
            {
                ["dtype"] = dtype,
                ["shape"] = JsonSerializer.SerializeToNode(shape),
                ["data_offsets"] = new JsonArray(begin, data.Length),
            };
        }
        byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString()), length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)text.Length);
        File.WriteAllBytes(path, [.. length, .. text, .. data.ToArray()]);
    }
}
