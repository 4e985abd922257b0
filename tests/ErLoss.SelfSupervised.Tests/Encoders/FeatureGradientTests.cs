using ErLoss.SelfSupervised.Encoders;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Encoders;

internal sealed class FeatureGradientTests : TensorTests
{
    /// <summary>Where the mean over space gives its gradient in another order of memory, every layer before it copies or takes its slow path.</summary>
    [Test]
    public void The_gradient_of_the_feature_maps_is_laid_out_channels_last_as_they_are([Values(ScalarType.Float32, ScalarType.BFloat16)] ScalarType type)
    {
        var encoder = new OneLayer { TrainingType = type };
        encoder.call(randn(4, 3, 32, 32)).square().sum().backward();
        Tensor gradient = encoder.Kept!.grad!;
        Assert.Multiple(() =>
        {
            Assert.That(gradient.abs().max().ToDouble(), Is.GreaterThan(1e-6));
            Assert.That(gradient.permute(0, 2, 3, 1).is_contiguous(), Is.True);
        });
    }

    [Test]
    public void Features_are_the_means_of_the_maps_over_space()
    {
        var encoder = new OneLayer();
        Tensor features = encoder.call(randn(4, 3, 32, 32));
        Assert.That((features - encoder.Kept!.mean([2, 3])).abs().max().ToDouble(), Is.EqualTo(0).Within(1e-6));
    }

    private sealed class OneLayer() : Encoder(nameof(OneLayer), featureDimension: 5)
    {
        public Tensor? Kept { get; private set; }

        protected override Encoder Fresh() => new OneLayer();

        protected override Tensor Maps(Tensor images)
        {
            Kept = images.narrow(1, 0, 1).expand(-1, 5, -1, -1).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).MoveToOuterDisposeScope();
            Kept.requires_grad = true;
            return Kept;
        }
    }
}
