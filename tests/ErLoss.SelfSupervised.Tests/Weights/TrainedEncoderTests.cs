using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using static TorchSharp.torch;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErLoss.SelfSupervised.Tests.Weights;

internal sealed class TrainedEncoderTests : TensorTests
{
    private TemporaryDirectory _folder = null!;

    private string FilePath => _folder["encoder.safetensors"];

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryDirectory();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void The_file_says_which_network_it_is_and_what_images_it_expects()
    {
        using Encoder encoder = SafeTensorsForTests.Used("convnet");
        var preprocessing = new ImagePreprocessing { ImageSize = 24, Mean = 0.25, StandardDeviation = 0.125, Background = "0a0b0c" };
        EncoderFile.Write(FilePath, encoder, preprocessing);
        Tensor pixels = randint(0, 256, [3, 3, 24, 24], ScalarType.Byte);
        Tensor before = get_rng_state();

        using TrainedEncoder loaded = EncoderFile.Load(FilePath);

        encoder.eval();
        Tensor wanted = encoder.call((pixels.to(ScalarType.Float32) / 255 - 0.25) / 0.125);
        Assert.Multiple(() =>
        {
            Assert.That(loaded.Preprocessing, Is.EqualTo(preprocessing));
            Assert.That(loaded.FeatureDimension, Is.EqualTo(encoder.FeatureDimension));
            Assert.That(loaded.Encoder.GetType(), Is.EqualTo(encoder.GetType()));
            Assert.That(loaded.Features(pixels).allclose(wanted, rtol: 1e-5, atol: 1e-6));
            Assert.That(get_rng_state().equal(before).all().item<bool>(), "the global generator is as it was");
        });
    }

    [Test]
    public void An_image_of_bytes_is_cropped_and_scaled_to_the_size_of_the_encoder()
    {
        using Encoder encoder = SafeTensorsForTests.Used("convnet");
        EncoderFile.Write(FilePath, encoder, new ImagePreprocessing { ImageSize = 16 });
        using TrainedEncoder loaded = EncoderFile.Load(FilePath);
        Tensor small = randint(0, 256, [1, 3, 16, 16], ScalarType.Byte);
        Tensor twice = small.repeat_interleave(2, 2).repeat_interleave(2, 3); // 32×32
        Tensor wide = cat([zeros([1, 3, 32, 5], ScalarType.Byte), twice, zeros([1, 3, 32, 5], ScalarType.Byte)], 3);
        byte[] bytes = wide.permute(0, 2, 3, 1).contiguous().data<byte>().ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(loaded.Features(bytes, height: 32, width: 42), Is.EqualTo(loaded.Features(small).data<float>().ToArray()));
            Assert.That(() => loaded.Features(bytes, height: 42, width: 33), Throws.ArgumentException.With.Message.StartsWith("The image has 4032 bytes; height · width · 3 = 4158 are wanted."));
            Assert.That(() => loaded.Features(bytes, height: 0, width: 32), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => loaded.Features(small.to(ScalarType.Float32)), Throws.ArgumentException.With.Message.Contains("bytes (uint8) from 0 to 255 are wanted"));
        });
    }

    [Test]
    public void The_network_of_a_file_that_does_not_name_it_is_known_by_its_weights()
    {
        using Encoder encoder = Registry.Default.CreateEncoder("resnet18"); // a convnet is tried before it
        SafeTensorsForTests.Write(FilePath, SafeTensorsForTests.Of(encoder, "module.", ScalarType.Float16));
        using TrainedEncoder loaded = EncoderFile.Load(FilePath);
        Assert.That(loaded.Encoder.GetType(), Is.EqualTo(encoder.GetType()));
        Assert.That(loaded.Preprocessing, Is.EqualTo(new ImagePreprocessing()));
    }

    [Test]
    public void The_stem_of_a_ResNet_is_that_of_the_file_or_of_the_shape_of_its_first_weights()
    {
        using Encoder encoder = SafeTensorsForTests.Used("resnet18", imageSize: 64);
        Tensor pixels = randint(0, 256, [2, 3, 64, 64], ScalarType.Byte), wanted = Features.Compute(encoder, pixels);
        EncoderFile.Write(FilePath, encoder, new ImagePreprocessing { ImageSize = 96 });
        (Dictionary<string, SafeTensor> tensors, Dictionary<string, string> metadata) = SafeTensors.Read(FilePath);
        Check(stemIn: "imagenet", imageSize: 96);

        metadata.Remove("stem");
        SafeTensors.Write(FilePath, tensors, metadata);
        Check(stemIn: null, imageSize: 96);

        byte[] classifier = new byte[4 * 10 * 512]; // as torchvision's weights have one
        SafeTensorsForTests.Write(FilePath, [.. SafeTensorsForTests.Of(encoder, "", ScalarType.Float32), ("fc.weight", "F32", [10, 512], classifier), ("fc.bias", "F32", [10], classifier[..40])]);
        Check(stemIn: null, imageSize: 224);

        string[] children = ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"]; // of torchvision's ResNet, which lightly's examples put into a sequence without names
        SafeTensorsForTests.Write(FilePath, [.. from weight in SafeTensorsForTests.Of(encoder, "", ScalarType.Float32)
                                               let parts = weight.Name.Split('.', 2)
                                               from network in (string[])["backbone", "backbone_momentum"]
                                               select ($"{network}.{Array.IndexOf(children, parts[0])}.{parts[1]}", weight.DType, weight.Shape, weight.Data)]);
        Check(stemIn: null, imageSize: 224);

        void Check(string? stemIn, int imageSize)
        {
            using TrainedEncoder loaded = EncoderFile.Load(FilePath);
            Assert.Multiple(() =>
            {
                Assert.That(SafeTensors.ReadHeader(FilePath).Metadata.GetValueOrDefault("stem"), Is.EqualTo(stemIn));
                Assert.That(((ResNet18)loaded.Encoder).Stem, Is.EqualTo(ResNetStem.ImageNet));
                Assert.That(loaded.Preprocessing.ImageSize, Is.EqualTo(imageSize));
                Assert.That(loaded.Features(pixels).equal(wanted).all().item<bool>());
            });
        }
    }

    [Test]
    public void The_width_is_the_one_that_the_weights_have_whatever_else_the_file_says()
    {
        using Encoder small = new ConvNet(5), residual = new ResNet18(ResNetStem.Cifar, 2), usual = new ConvNet();
        Tensor pixels = randint(0, 256, [2, 3, 8, 8], ScalarType.Byte);
        foreach (Encoder encoder in (Encoder[])[small, residual])
        {
            EncoderFile.Write(FilePath, encoder);
            (Dictionary<string, SafeTensor> tensors, Dictionary<string, string> metadata) = SafeTensors.Read(FilePath);
            foreach (Dictionary<string, string> texts in (Dictionary<string, string>[])[metadata, []])
            {
                SafeTensors.Write(FilePath, tensors, texts);
                using TrainedEncoder loaded = EncoderFile.Load(FilePath);
                Assert.That(loaded.Encoder.GetType(), Is.EqualTo(encoder.GetType()));
                Assert.That(loaded.FeatureDimension, Is.EqualTo(encoder.FeatureDimension));
                Assert.That(loaded.Features(pixels).equal(Features.Compute(encoder, pixels)).all().item<bool>());
            }
        }
        EncoderFile.Write(FilePath, small);
        Assert.Multiple(() =>
        {
            Assert.That(SafeTensors.ReadHeader(FilePath).Metadata["width"], Is.EqualTo("5"));
            Assert.That(small.FeatureDimension, Is.EqualTo(40));
            Assert.That(((ConvNet)small.InFloat64()).Width, Is.EqualTo(5));
            Assert.That(((ResNet18)residual.InFloat64()).Width, Is.EqualTo(2));
            Assert.That(() => EncoderFile.Read(FilePath, usual), Throws.TypeOf<DataException>().With.Message.Contains("by its names it holds the encoder convnet").And.Message.Not.Contains("\n"));
            Assert.That(() => new ConvNet(0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("The width is 0; a number from 1 to 512 is wanted."));
            Assert.That(() => new ResNet18(ResNetStem.Cifar, 513), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [TestCase("stem", "large", "'stem' in the metadata is 'large'; cifar or imagenet is wanted.")]
    [TestCase("encoder", "vit", "the encoder 'vit', which is none of convnet, resnet18; make the network and hand it in with the file's name.")]
    [TestCase("encoder", "resnet18", "not the weights of this encoder; by its names it holds the encoder convnet.")]
    [TestCase("image_size", "0", "'image_size' in the metadata is '0'; a whole number from 1 to 4096 is wanted.")]
    [TestCase("image_size", "32.5", "'image_size' in the metadata is '32.5'; a whole number")]
    [TestCase("mean", "NaN", "'mean' in the metadata is 'NaN'; a finite number is wanted.")]
    [TestCase("background", "white", "'background' in the metadata is 'white'; six hexadecimal digits in lower case are wanted.")]
    [TestCase("standard_deviation", "0", "'standard_deviation' in the metadata is '0'; a finite number above zero is wanted.")]
    public void What_a_file_says_and_is_not_sound_is_refused_in_a_line(string key, string value, string says)
    {
        using Encoder encoder = SafeTensorsForTests.Used("convnet");
        EncoderFile.Write(FilePath, encoder);
        (Dictionary<string, SafeTensor> tensors, Dictionary<string, string> metadata) = SafeTensors.Read(FilePath);
        SafeTensors.Write(FilePath, tensors, new Dictionary<string, string>(metadata) { [key] = value });
        Assert.That(() => EncoderFile.Load(FilePath), Throws.TypeOf<DataException>().With.Message.StartsWith($"{FilePath}: {says}"));
    }

    [Test]
    public void A_network_that_is_handed_in_gets_the_weights()
    {
        using Encoder encoder = SafeTensorsForTests.Used("convnet");
        EncoderFile.Write(FilePath, encoder, new ImagePreprocessing { ImageSize = 48 });
        using TrainedEncoder loaded = EncoderFile.Load(FilePath, new ConvNet());
        Tensor pixels = randint(0, 256, [1, 3, 48, 48], ScalarType.Byte);
        Assert.That(loaded.Features(pixels).equal(Features.Compute(encoder, pixels)).all().item<bool>());
        Assert.That(loaded.Preprocessing.ImageSize, Is.EqualTo(48));
    }
}
