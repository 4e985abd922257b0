using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Views;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Views;

internal sealed class SmallCropsTests : TensorTests
{
    [Test]
    public void They_show_the_share_of_the_image_that_is_asked_for_in_the_order_of_the_crops()
    {
        // Red grows from left to right and green from top to bottom; blue is that of the image. Of 128 images two have one blue. No colour changes in a view whose blue is as it was.
        const int Count = 128, Crops = 20;
        Tensor slope = linspace(0, 255, 32), blue = arange(Count, dtype: ScalarType.Int64) * 2;
        Tensor images = stack([slope.view(1, 1, 32).expand(Count, 32, 32), slope.view(1, 32, 1).expand(Count, 32, 32), blue.view(-1, 1, 1).expand(Count, 32, 32)], 1);
        using var generator = new Generator(3, CPU);
        using var drawer = new SmallCrops(CPU, 32, new CropSettings { SmallCrops = Crops, SmallCropSize = 16, SmallCropMinArea = 0.1, SmallCropMaxArea = 0.3 }, new ViewSettings());
        Tensor crops = drawer.Draw(images.to(ScalarType.Byte).contiguous(), generator);
        Assert.That(crops.shape, Is.EqualTo(new long[] { Crops * Count, 3, 16, 16 }));

        Tensor unit = Pixels.Uncenter(crops), isPlain = (unit.select(1, 2) - blue.repeat(Crops).view(-1, 1, 1) / 255.0).abs().amax([1, 2]) < 1e-4;
        Tensor width = Extent(unit.select(1, 0), dimension: 2), height = Extent(unit.select(1, 1), dimension: 1);
        Tensor area = (width * height).masked_select(isPlain);
        Assert.Multiple(() =>
        {
            Assert.That(area.numel(), Is.InRange(300, 530), "a fifth is not jittered, and a fifth of that is grey: 410 of 2,560, if each crop is in the place of its image");
            Assert.That(area.min().ToDouble(), Finite.Near(0.1, 0.01));
            Assert.That(area.max().ToDouble(), Finite.Near(0.3, 0.01));
            Assert.That(area.mean().ToDouble(), Finite.Near(0.2, 0.015)); // five standard deviations
        });

        // Between the first and the last of 16 pixels lie 15/16 of a crop, and between those of the image 31/32 of it. A crop that begins within half a pixel of the border loses some.
        static Tensor Extent(Tensor channel, long dimension) =>
            (channel.select(dimension, 15) - channel.select(dimension, 0)).abs().mean([1]) * (16.0 / 15) * (31.0 / 32);
    }
}
