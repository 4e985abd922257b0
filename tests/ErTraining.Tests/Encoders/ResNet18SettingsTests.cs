using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Data;
using ErLoss.Training.Encoders;
using static TorchSharp.torch;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErTraining.Tests.Encoders;

/// <summary>Which stem the encoder resnet18 gets.</summary>
internal sealed class ResNet18SettingsTests
{
    [Test]
    public void The_stem_is_the_one_that_is_set_else_that_of_the_weights_else_that_of_the_size_of_the_images()
    {
        using var folder = new TemporaryDirectory();
        using var small = new ResNet18();
        EncoderFile.Write(folder["small.safetensors"], small);
        ModelWeights.Save(folder.Path, small); // as the weights of a run, which do not say what they are of
        ResNet18Settings none = new(), large = new() { Stem = ResNetStem.ImageNet };
        Assert.Multiple(() =>
        {
            Assert.That(Stem(none, 63), Is.EqualTo(ResNetStem.Cifar));
            Assert.That(Stem(none, 64), Is.EqualTo(ResNetStem.ImageNet));
            Assert.That(Stem(none, 64, folder["small.safetensors"]), Is.EqualTo(ResNetStem.Cifar));
            Assert.That(Stem(none, 64, ModelWeights.FileIn(folder.Path)), Is.EqualTo(ResNetStem.Cifar));
            Assert.That(Stem(large, 32), Is.EqualTo(ResNetStem.ImageNet));
            Assert.That(Stem(large, 32, folder["small.safetensors"]), Is.EqualTo(ResNetStem.ImageNet));
        });
    }

    [Test]
    public void A_run_trains_with_the_stem_of_its_images_and_config_says_which()
    {
        RunSettings settings = Given.Settings("encoder=resnet18 image_size=64 batch_size=4 epochs=0");
        using var trainer = new Trainer(Registry.Default, settings, SyntheticImages.Create(4, 10, seed: 0, size: 64), CPU);
        string config = Registry.Default.Document.Write(settings with { Used = trainer.Used });
        Assert.Multiple(() =>
        {
            Assert.That(((ResNet18)trainer.Method.Encoder).Stem, Is.EqualTo(ResNetStem.ImageNet));
            Assert.That(config, Does.Contain("\"stem\": null").And.Contain("\"stem\": \"imagenet\""), "the setting, and what it came to");
            Assert.That(Given.Settings("encoder=resnet18 stem=cifar").Encoder, Is.EqualTo(new ResNet18Settings { Stem = ResNetStem.Cifar }));
        });
    }

    private static ResNetStem Stem(ResNet18Settings settings, int imageSize, string? weights = null)
    {
        using Encoder encoder = Registry.Default.CreateEncoder(settings, imageSize, weights);
        return ((ResNet18)encoder).Stem;
    }
}
