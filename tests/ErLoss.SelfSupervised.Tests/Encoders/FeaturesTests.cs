using ErLoss.SelfSupervised.Encoders;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Tests.Encoders;

/// <summary>Features of many images, and inputs that they cannot be computed from.</summary>
internal sealed class FeaturesTests : TensorTests
{
    [Test]
    public void Features_of_batches_are_those_of_all_images_at_once_and_pixels_and_modes_stay()
    {
        using var encoder = new Normalized();
        encoder.norm.eval(); // frozen, while the rest trains
        Tensor pixels = randint(256, [130, 3, 4, 4], ScalarType.Byte), before = pixels.clone();
        Tensor features = Features.Compute(encoder, pixels);
        FeatureCheck.Require(encoder, size: 4);
        Assert.Multiple(() =>
        {
            Assert.That((encoder.training, encoder.norm.training), Is.EqualTo((true, false)));
            Assert.That(pixels.equal(before).all().item<bool>());
            Tensor wanted = (pixels.to(ScalarType.Float32) / 255 - 0.5).div(0.25).mean([2, 3]);
            Assert.That((features - wanted).abs().max().ToDouble(), Is.LessThan(1e-4));
            Assert.That(features.requires_grad, Is.False);
        });
    }

    private static IEnumerable<TestCaseData> Unfit()
    {
        static TestCaseData Case(string name, Func<Encoder, object> run, string argument, string message) => new TestCaseData(run, argument, message).SetArgDisplayNames(name);

        yield return Case("no encoder", _ => Features.Compute(null!, zeros(1, 3, 4, 4, ScalarType.Byte)), "encoder", "");
        yield return Case("no pixels", encoder => Features.Compute(encoder, null!), "pixels", "");
        yield return Case("no images", encoder => Features.Compute(encoder, zeros(0, 3, 4, 4, ScalarType.Byte)), "pixels", "at least one image");
        yield return Case("one image", encoder => Features.Compute(encoder, zeros(3, 4, 4, ScalarType.Byte)), "pixels", "The shape is (3, 4, 4)");
        yield return Case("pixels that are not bytes", encoder => Features.Compute(encoder, rand(1, 3, 4, 4)), "pixels", "The dtype is Float32; bytes");
        yield return Case("one image for the encoder", encoder => encoder.call(rand(3, 4, 4)), "images", "(k, 3, h, w) is wanted");
        yield return Case("grey images", encoder => encoder.call(rand(2, 1, 4, 4)), "images", "The shape is (2, 1, 4, 4)");
        yield return Case("bytes for the encoder", encoder => encoder.FeaturesIn(ScalarType.Float32, zeros(2, 3, 4, 4, ScalarType.Byte)), "images", "floating-point");
        yield return Case("another type to train in", encoder => encoder.TrainingType = ScalarType.Float16, "value", "Float32, BFloat16 or Float64");
        yield return Case("a size of zero", encoder => FeatureCheck.Measure(encoder, 0), "size", "");
        yield return Case("a negative size", encoder => FeatureCheck.Measure(encoder, -1), "size", "");
        yield return Case("a check of nothing", _ => FeatureCheck.Measure(null!, 32), "encoder", "");
    }

    [TestCaseSource(nameof(Unfit))]
    public void What_features_cannot_be_computed_from_is_refused_by_name(Func<Encoder, object> run, string argument, string message)
    {
        using var encoder = new Normalized();
        Assert.That(() => run(encoder), Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo(argument).And.Message.Contains(message));
    }

    [Test]
    public void An_encoder_is_told_when_its_maps_are_not_as_many_as_its_features()
    {
        using var encoder = new Normalized(features: 4);
        Assert.That(
            () => encoder.call(rand(2, 3, 4, 4)),
            Throws.InvalidOperationException.With.Message.EqualTo("The feature maps of the encoder Normalized have the shape (2, 3, 4, 4); (k, 4, h, w) is wanted, as it has 4 features."));
        Assert.That(() => new Normalized(features: 0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("featureDimension"));
    }

    [Test]
    public void An_encoder_without_weights_is_checked_too()
    {
        using var encoder = new Plain();
        Assert.That(FeatureCheck.Measure(encoder, 4).Single().IsRight);
    }

    /// <summary>Batch normalisation of the images. In evaluation mode it leaves them nearly as they are, until it has trained.</summary>
    private sealed class Normalized : Encoder
    {
        public readonly BatchNorm2d norm = BatchNorm2d(3);

        public Normalized(int features = 3)
            : base(nameof(Normalized), features) => RegisterComponents();

        protected override Encoder Fresh() => new Normalized(FeatureDimension);

        protected override Tensor Maps(Tensor images) => norm.call(images);
    }

    /// <summary>The images themselves.</summary>
    private sealed class Plain() : Encoder(nameof(Plain), featureDimension: 3)
    {
        protected override Encoder Fresh() => new Plain();

        protected override Tensor Maps(Tensor images) => images.alias();
    }
}
