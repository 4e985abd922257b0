using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Tests.Encoders;

/// <summary>Training in bfloat16: convolutions round, weights, features and evaluation do not.</summary>
internal sealed class PrecisionTests : TensorTests
{
    [Test]
    public void A_convolution_is_PyTorch_s_with_PyTorch_s_weights()
    {
        manual_seed(1);
        using var ours = new ImageConvolution(3, 8, kernelSize: 3, stride: 2, padding: 1);
        manual_seed(1);
        using var theirs = Conv2d(3, 8, kernel_size: 3, stride: 2, padding: 1, bias: false);
        Tensor images = randn(4, 3, 9, 9);
        Assert.Multiple(() =>
        {
            Assert.That(ours.Weight.equal(theirs.weight).all().item<bool>());
            Assert.That(ours.call(images).equal(theirs.call(images)).all().item<bool>());
            Assert.That(ours.state_dict().Keys, Is.EqualTo(["weight"]));
        });
    }

    [Test]
    public void In_bfloat16_a_convolution_rounds_its_factors_and_its_gradient_is_float32()
    {
        using var convolution = new ImageConvolution(3, 8, kernelSize: 3);
        Tensor images = randn(4, 3, 9, 9).to(ScalarType.BFloat16);
        Tensor maps = convolution.call(images);
        using Tensor rounded = convolution.Weight.detach().to(ScalarType.BFloat16).to(ScalarType.Float32);
        Tensor wanted = functional.conv2d(images.to(ScalarType.Float32), rounded);
        maps.sum(ScalarType.Float32).backward();
        Assert.Multiple(() =>
        {
            Assert.That(maps.dtype, Is.EqualTo(ScalarType.BFloat16));
            Assert.That(
                (maps.to(ScalarType.Float32) - wanted).abs().max().ToDouble(),
                Finite.LessThan(wanted.abs().max().ToDouble() / 128), "eight bits of the largest");
            Assert.That(convolution.Weight.dtype, Is.EqualTo(ScalarType.Float32));
            Assert.That(convolution.Weight.grad!.dtype, Is.EqualTo(ScalarType.Float32));
        });
    }

    [TestCase("convnet")]
    [TestCase("resnet18")]
    public void An_encoder_trains_near_its_float32_self_and_evaluates_as_it(string name)
    {
        using Encoder single = Registry.Default.CreateEncoder(name), rounding = Registry.Default.CreateEncoder(name);
        rounding.load_state_dict(single.state_dict());
        rounding.TrainingType = ScalarType.BFloat16;
        Tensor images = randn(16, 3, 32, 32), direction = randn(16, single.FeatureDimension);

        Tensor features = Train(single), roundedFeatures = Train(rounding);
        Assert.Multiple(() =>
        {
            Assert.That(roundedFeatures.dtype, Is.EqualTo(ScalarType.Float32));
            Assert.That(Cosine(features, roundedFeatures), Finite.GreaterThan(0.999) & Is.LessThan(1 - 1e-7), "near, not equal");
            foreach ((string key, TorchSharp.Modules.Parameter weight) in single.named_parameters())
            {
                Tensor gradient = rounding.get_parameter(key)!.grad!;
                Assert.That(gradient.dtype, Is.EqualTo(ScalarType.Float32), key);
                Assert.That(Cosine(weight.grad!, gradient), Finite.GreaterThan(0.8), key);
            }
            foreach ((string key, Tensor buffer) in rounding.named_buffers())
            {
                Assert.That(buffer.dtype, Is.AnyOf(ScalarType.Float32, ScalarType.Int64), key);
            }
        });

        rounding.load_state_dict(single.state_dict());
        single.eval();
        rounding.eval();
        Assert.That(rounding.call(images).equal(single.call(images)).all().item<bool>(), "evaluation");

        Tensor Train(Encoder encoder)
        {
            encoder.train();
            Tensor result = encoder.call(images);
            (result * direction).sum().backward();
            return result.detach();
        }
    }

    private static double Cosine(Tensor first, Tensor second) =>
        functional.cosine_similarity(first.reshape(1, -1).to(ScalarType.Float64), second.reshape(1, -1).to(ScalarType.Float64)).ToDouble();
}
