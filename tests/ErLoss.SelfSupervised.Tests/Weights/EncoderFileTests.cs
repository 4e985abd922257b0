using System.Runtime.InteropServices;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using static TorchSharp.torch;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErLoss.SelfSupervised.Tests.Weights;

/// <summary>Encoders go to other programs and come back.</summary>
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
        using Encoder encoder = SafeTensorsForTests.Used(name);
        EncoderFile.Write(FilePath, encoder);

        Dictionary<string, (string DType, long[] Shape, byte[] Data)> read = SafeTensorsForTests.Read(FilePath);
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

    [Test]
    public void What_another_writer_wrote_is_read_to_the_last_bit()
    {
        using var scope = NewDisposeScope();
        using Encoder encoder = SafeTensorsForTests.Used("resnet18"), other = Registry.Default.CreateEncoder("resnet18");
        EncoderFile.Write(FilePath, encoder);
        Dictionary<string, (string DType, long[] Shape, byte[] Data)> weights = SafeTensorsForTests.Read(FilePath);
        SafeTensorsForTests.Write(
            _folder["other.safetensors"],
            weights.Reverse().Select(weight => (weight.Key, weight.Value.DType, weight.Value.Shape, weight.Value.Data))
                .Prepend(("fc.weight", "F32", [10, 2], new byte[80]))); // as torchvision's networks have, and encoders here have not

        WeightsReadResult taken = EncoderFile.Read(_folder["other.safetensors"], other);

        Assert.That(taken.ToString(), Is.EqualTo("120 tensors taken; 1 left: fc.weight."));
        encoder.eval();
        other.eval();
        Tensor images = randn(4, 3, 32, 32);
        Assert.That(other.call(images).equal(encoder.call(images)).all().item<bool>());
    }

    [TestCase("module.", ScalarType.Float32, "20 tensors taken, whose names begin with 'module.'; 4 counters (num_batches_tracked), which nothing depends on, not taken; 3 left: HEADS.")]
    [TestCase("_orig_mod.module.model.", ScalarType.Float16, "; 20 converted from float16; 4 counters")]
    [TestCase("module.student.backbone._orig_mod.", ScalarType.BFloat16, "; 20 converted from bfloat16; 4 counters")]
    [TestCase("", ScalarType.Float64, "20 tensors taken; 20 converted from float64; 4 counters")]
    public void Weights_are_found_under_any_prefix_and_converted_and_the_rest_is_left(string prefix, ScalarType type, string says)
    {
        using var scope = NewDisposeScope();
        using Encoder encoder = SafeTensorsForTests.Used("convnet"), other = Registry.Default.CreateEncoder("convnet");
        (string, string, long[], byte[])[] heads =
            [($"{prefix}fc.weight", "F32", [1], new byte[4]), ("predictor.layers.0.weight", "U64", [1, 2], new byte[16]), ("queue_ptr", "F8_E4M3", [1], new byte[1])];
        SafeTensorsForTests.Write(FilePath, [.. heads, .. SafeTensorsForTests.Of(encoder, prefix, type)]);

        WeightsReadResult taken = EncoderFile.Read(FilePath, other);

        Assert.Multiple(() =>
        {
            Assert.That(taken.ToString(), Does.Contain(says.Replace("HEADS", $"{prefix}fc.weight, predictor.layers.0.weight, queue_ptr", StringComparison.Ordinal)));
            foreach ((string name, Tensor tensor) in encoder.state_dict().Where(entry => !SafeTensorsForTests.IsCounter(entry.Key)))
            {
                Assert.That(other.state_dict()[name].equal(tensor.to(type).to(ScalarType.Float32)).all().item<bool>(), name);
            }
        });
    }

    [TestCase("encoder_q.", "encoder_k.")]
    [TestCase("student.backbone.", "teacher.backbone.")]
    [TestCase("encoder.", "teacherEncoder.")]
    [TestCase("backbone.", "backbone_momentum.")]
    [TestCase("online_encoder.", "ema_model.")]
    [TestCase("online_encoder.", "model.EMA.")]
    [TestCase("schema.", "ema.")] // the first has "ema" within a word only
    public void Of_two_encoders_the_one_that_was_trained_is_taken(string trained, string follower)
    {
        using var scope = NewDisposeScope();
        using Encoder encoder = SafeTensorsForTests.Used("convnet"), moved = SafeTensorsForTests.Used("convnet"), other = Registry.Default.CreateEncoder("convnet");
        SafeTensorsForTests.Write(FilePath, [.. SafeTensorsForTests.Of(moved, follower, ScalarType.Float32), .. SafeTensorsForTests.Of(encoder, trained, ScalarType.Float32)]);
        Assert.That(EncoderFile.Read(FilePath, other).ToString(), Does.EndWith($" Weights of the same shapes are also there as '{follower}'."));
        Assert.That(other.state_dict()["layers.block1.conv.weight"].equal(encoder.state_dict()["layers.block1.conv.weight"]).all().item<bool>());
    }

    [Test]
    public void ResNet_18_has_the_names_of_torchvision_s()
    {
        using var encoder = new ResNet18();
        EncoderFile.Write(FilePath, encoder);
        Assert.That(SafeTensorsForTests.Read(FilePath).Keys, Is.SupersetOf(new[]
        {
            "conv1.weight", "bn1.running_var", "bn1.num_batches_tracked", "layer1.0.conv1.weight", "layer4.1.bn2.bias", "layer2.0.downsample.0.weight", "layer2.0.downsample.1.running_mean",
        }));
    }
}
