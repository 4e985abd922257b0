using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Encoders;

/// <summary>Every encoder in every precision and layout, at several sizes of images: batches against single images, and all against float64.</summary>
internal sealed class EncoderTests : TensorTests
{
    private static IEnumerable<string> Names => Registry.Default.Encoders;

    private const int Images = 4;

    /// <summary>The batches that are compared with their images one by one: at 32 pixels the last shortcut's maps are 8×8, where 2 and 16 were wrong.</summary>
    private static int[] Batches(int size) => size == 32 ? [2, 16] : [2];

    [Test]
    public void Features_and_gradients_are_those_of_a_plain_recomputation_whatever_the_batch(
        [ValueSource(nameof(Names))] string name, [Values(32, 33, 64)] int size)
    {
        using Encoder encoder = Registry.Default.CreateEncoder(name, size); // a ResNet has the stem of the size
        MakeStatisticsUneven(encoder);
        encoder.eval();
        Tensor images = rand(Batches(size).Max() > Images ? Images : 2, 3, size, size) * 4 - 2, direction = randn(1, encoder.FeatureDimension);
        Dictionary<string, Tensor> weights = encoder.state_dict().ToDictionary(
            entry => entry.Key, entry => entry.Value.is_integral() ? entry.Value : entry.Value.detach().to(ScalarType.Float64));
        foreach ((string key, _) in encoder.named_parameters())
        {
            weights[key].requires_grad_();
        }
        Tensor exactImage = images.narrow(0, 0, 1).to(ScalarType.Float64).requires_grad_();
        Tensor truth = EncoderReference.Features(encoder, weights, exactImage);
        truth.backward([direction.to(ScalarType.Float64)]);

        foreach (ScalarType type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
        {
            double allowed = type == ScalarType.Float32 ? 1e-5 : 0.03;
            Tensor single = cat([.. images.split(1).Select(image => encoder.FeaturesIn(type, image).detach())]);
            Assert.That(EncoderReference.RelativeError(single.narrow(0, 0, 1), truth.detach()), Is.LessThan(allowed), $"{type}, against float64");
            foreach (bool channelsLast in (bool[])[false, true])
            {
                foreach (int batch in Batches(size))
                {
                    Tensor part = cat([.. Enumerable.Repeat(images, 1 + batch / (int)images.shape[0])]).narrow(0, 0, batch);
                    Tensor features = encoder.FeaturesIn(type, channelsLast ? EncoderReference.ChannelsLast(part) : part).detach();
                    Assert.That(features.dtype, Is.EqualTo(ScalarType.Float32));
                    for (int i = 0; i < batch; i++)
                    {
                        Assert.That(
                            EncoderReference.RelativeError(features[i], single[i % images.shape[0]].to(ScalarType.Float64)), Is.LessThan(allowed),
                            $"{type}, {(channelsLast ? "channels-last" : "contiguous")}, image {i} of {batch}");
                    }
                }
            }
            CheckGradients(type, channelsLast: type == ScalarType.BFloat16); // ImageConvolutionTests has every pair
        }

        void CheckGradients(ScalarType type, bool channelsLast)
        {
            encoder.zero_grad();
            Tensor image = images.narrow(0, 0, 1);
            image = (channelsLast ? EncoderReference.ChannelsLast(image) : image.clone()).detach().requires_grad_();
            encoder.FeaturesIn(type, image).backward([direction]);
            // A ReLU whose input is nearly zero opens in one precision and shuts in another: that, not rounding, sets the limits.
            double allowed = type == ScalarType.Float32 ? 0.02 : 0.5;
            Assert.That(EncoderReference.RelativeError(image.grad!, exactImage.grad!), Is.LessThan(allowed), $"{type}, gradient of the image");
            foreach ((string key, Parameter weight) in encoder.named_parameters())
            {
                Assert.That(EncoderReference.RelativeError(weight.grad!, weights[key].grad!), Is.LessThan(allowed), $"{type}, gradient of {key}");
            }
        }
    }

    [Test]
    public void In_float64_it_is_a_plain_recomputation_and_draws_nothing([ValueSource(nameof(Names))] string name, [Values(32, 64)] int size)
    {
        using Encoder encoder = Registry.Default.CreateEncoder(name, size);
        MakeStatisticsUneven(encoder);
        Tensor before = Generator.Default.get_state();
        using Encoder inFloat64 = encoder.InFloat64();
        Assert.That(Generator.Default.get_state().equal(before).all().item<bool>(), "the global generator");

        using var frozen = no_grad();
        Tensor images = rand(2, 3, 32, 32, dtype: ScalarType.Float64) * 4 - 2;
        Dictionary<string, Tensor> weights = encoder.state_dict().ToDictionary(
            entry => entry.Key, entry => entry.Value.is_integral() ? entry.Value : entry.Value.to(ScalarType.Float64));
        Tensor features = inFloat64.FeaturesIn(ScalarType.Float64, images);
        Assert.Multiple(() =>
        {
            Assert.That(features.dtype, Is.EqualTo(ScalarType.Float64));
            Assert.That(EncoderReference.RelativeError(features, EncoderReference.Features(encoder, weights, images)), Is.LessThan(1e-13));
            Assert.That(encoder.parameters().Select(parameter => parameter.dtype), Is.All.EqualTo(ScalarType.Float32));
        });
    }

    /// <summary>Statistics and scales that are not the neutral ones, so that leaving one out shows.</summary>
    private static void MakeStatisticsUneven(Encoder encoder)
    {
        using var frozen = no_grad();
        foreach ((string name, Tensor value) in encoder.state_dict())
        {
            if (value.dim() == 1)
            {
                value.copy_(name.EndsWith("bias", StringComparison.Ordinal) || name.EndsWith("mean", StringComparison.Ordinal) ? rand_like(value) - 0.5 : rand_like(value) + 0.5);
            }
        }
    }
}
