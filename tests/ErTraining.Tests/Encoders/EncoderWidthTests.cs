using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Encoders;
using static TorchSharp.torch;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErTraining.Tests.Encoders;

/// <summary>How wide the encoder of a run is.</summary>
internal sealed class EncoderWidthTests
{
    [Test]
    public void The_width_is_the_one_that_is_set_else_that_of_the_weights_else_the_usual_one()
    {
        using var folder = new TemporaryDirectory();
        using (Encoder convnet = new ConvNet(4), resnet = new ResNet18(ResNetStem.ImageNet, 2))
        {
            EncoderFile.Write(folder["convnet.safetensors"], convnet);
            EncoderFile.Write(folder["resnet.safetensors"], resnet);
        }
        Assert.Multiple(() =>
        {
            Assert.That(Features(new ConvNetSettings()), Is.EqualTo(256));
            Assert.That(Features(new ConvNetSettings { Width = 16 }), Is.EqualTo(128));
            Assert.That(Features(new ConvNetSettings(), folder["convnet.safetensors"]), Is.EqualTo(32));
            Assert.That(Features(new ConvNetSettings { Width = 16 }, folder["convnet.safetensors"]), Is.EqualTo(128));
            Assert.That(Features(new ResNet18Settings { Width = 3 }), Is.EqualTo(24));
            Assert.That(Features(new ResNet18Settings(), folder["resnet.safetensors"]), Is.EqualTo(16));
            Assert.That(Features(new ResNet18Settings(), folder["convnet.safetensors"]), Is.EqualTo(512), "the usual one, which the weights do not fit");
            Assert.That(Features(new ConvNetSettings(), folder["resnet.safetensors"]), Is.EqualTo(256));
        });
    }

    [Test]
    public void A_run_trains_with_the_width_that_its_settings_say()
    {
        RunSettings settings = Given.Settings("encoder_width=4 batch_size=4 epochs=0");
        using var trainer = new Trainer(Registry.Default, settings, SyntheticImages.Create(4, 10, seed: 0), CPU);
        Assert.That(trainer.Used.FeatureDimension, Is.EqualTo(32));
        Assert.That(Registry.Default.Document.Write(settings), Does.Contain("\"width\": 4"));
    }

    private static int Features(EncoderSettings settings, string? weights = null)
    {
        using Encoder encoder = Registry.Default.CreateEncoder(settings, imageSize: 32, weights);
        return encoder.FeatureDimension;
    }
}
