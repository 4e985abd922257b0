using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;
using DenseBytes = Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<byte>;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErLoss.SelfSupervised.Tests.Weights;

/// <summary>What is exported computes the same in ONNX Runtime as here.</summary>
internal sealed class OnnxFileTests : TensorTests
{
    private TemporaryDirectory _folder = null!;

    private string FilePath => _folder["encoder.onnx"];

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryDirectory();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase("convnet", 24, null)]
    [TestCase("resnet18", 24, "cifar")]
    [TestCase("resnet18", 64, "imagenet")]
    public void Features_are_the_same_at_any_batch_and_any_size(string name, int size, string? stem)
    {
        using Encoder encoder = SafeTensorsForTests.Used(name, size);
        var preprocessing = new ImagePreprocessing { ImageSize = size, Mean = 0.4, StandardDeviation = 0.3 };
        OnnxFile.Write(FilePath, encoder, preprocessing);
        using InferenceSession session = Open();
        Assert.Multiple(() =>
        {
            foreach ((int batch, int height, int width) in ((int, int, int)[])[(1, size, size), (3, size, size), (2, 17, 10)])
            {
                Tensor pixels = randint(0, 256, [batch, 3, height, width], ScalarType.Byte);
                Tensor wanted = Features.Compute(encoder, pixels, preprocessing, null, CancellationToken.None);
                Tensor features = Run(session, pixels);
                Assert.That(features.shape, Is.EqualTo(wanted.shape));
                Assert.That((features - wanted).abs().max().item<float>() / wanted.abs().max().item<float>(), Is.LessThan(1e-5), $"{batch} images of {height}x{width}");
            }
            var metadata = new Dictionary<string, string> { ["encoder"] = name, ["width"] = stem is null ? "32" : "64", ["image_size"] = $"{size}", ["mean"] = "0.4", ["standard_deviation"] = "0.3", ["background"] = "ffffff" };
            if (stem is not null)
            {
                metadata["stem"] = stem;
            }
            Assert.That(session.ModelMetadata.CustomMetadataMap, Is.EquivalentTo(metadata));
            Assert.That(session.ModelMetadata.ProducerName, Is.EqualTo("ErLoss"));
        });
    }

    [Test]
    public void Parts_that_no_encoder_here_has_can_be_described_too()
    {
        using var encoder = new OwnEncoder();
        encoder.eval();
        OnnxFile.Write(FilePath, encoder);
        using InferenceSession session = Open();
        Tensor pixels = randint(0, 256, [2, 3, 9, 9], ScalarType.Byte);
        Assert.That(Run(session, pixels).allclose(Features.Compute(encoder, pixels), rtol: 1e-5, atol: 1e-6));
    }

    [Test]
    public void An_encoder_that_does_not_describe_itself_is_refused_and_nothing_is_written()
    {
        using var silent = new SilentEncoder();
        Assert.Multiple(() =>
        {
            Assert.That(() => OnnxFile.Write(FilePath, silent), Throws.TypeOf<NotSupportedException>().With.Message.EqualTo("The encoder silent has no description as operators of ONNX; it has one if it overrides DescribeMaps."));
            Assert.That(File.Exists(FilePath), Is.False);
        });
    }

    private InferenceSession Open()
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        return new InferenceSession(FilePath, options);
    }

    /// <summary>The features of pixels (n, 3, h, w), which the session is given as (n, h, w, 3).</summary>
    private static Tensor Run(InferenceSession session, Tensor pixels)
    {
        Tensor last = pixels.permute(0, 2, 3, 1).contiguous();
        var input = new DenseBytes(last.data<byte>().ToArray(), [.. last.shape.Select(length => (int)length)]);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run([NamedOnnxValue.CreateFromTensor(OnnxFile.Input, input)]);
        Microsoft.ML.OnnxRuntime.Tensors.Tensor<float> features = outputs.Single(output => output.Name == OnnxFile.Output).AsTensor<float>();
        return tensor(features.ToArray()).view(features.Dimensions[0], features.Dimensions[1]);
    }

    private sealed class OwnEncoder : Encoder
    {
        private readonly ImageConvolution conv = new(3, 5, kernelSize: 4, stride: 2, padding: 3);
        private readonly TorchSharp.Modules.BatchNorm2d bn = nn.BatchNorm2d(5, eps: 0.3, affine: false, device: CPU);

        public OwnEncoder()
            : base("own", featureDimension: 5) => RegisterComponents();

        protected override Encoder Fresh() => new OwnEncoder();

        protected override Tensor Maps(Tensor images) => nn.functional.max_pool2d(bn.call(conv.call(images)), 3, 2, 1);

        protected override string DescribeMaps(Onnx.OnnxGraph graph, string images) =>
            graph.MaxPooling(graph.BatchNormalization(graph.Sequence(images, conv), bn), kernelSize: 3, stride: 2, padding: 1);
    }

    private sealed class SilentEncoder() : Encoder("silent", featureDimension: 3)
    {
        protected override Encoder Fresh() => new SilentEncoder();

        protected override Tensor Maps(Tensor images) => images;
    }
}
