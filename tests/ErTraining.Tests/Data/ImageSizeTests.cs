using ErLoss.Training;
using ErLoss.Training.Data;
using ErTraining.Reports;
using SkiaSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Data;

/// <summary>Images of other sizes than 32×32, from the readers to the report.</summary>
internal sealed class ImageSizeTests
{
    [Test]
    public void Images_of_a_set_are_scaled_to_the_mean_of_the_area_that_each_pixel_covers()
    {
        byte[] quarters = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]; // 2×2 pixels of three channels
        var images = new ImageSet([.. quarters, .. quarters.Reverse()], [0, 1], ["cat", "dog"], size: 2);
        Assert.Multiple(() =>
        {
            Assert.That(images.Scale(1).Pixels, Is.EqualTo((byte[])[25, 65, 105, 105, 65, 25]));
            Assert.That(images.Scale(3).Pixels[..9], Is.EqualTo((byte[])[10, 15, 20, 20, 25, 30, 30, 35, 40]));
            Assert.That(images.Scale(6).Scale(2).Pixels, Is.EqualTo(images.Pixels));
            Assert.That(images.Scale(6).Labels, Is.EqualTo((int[])[0, 1]));
            Assert.That(images.Scale(2), Is.SameAs(images));
            Assert.That(images.Take(1).Pixels, Is.EqualTo(quarters));
        });
    }

    [Test]
    public void Files_of_CIFAR_are_scaled_and_a_line_says_so()
    {
        using var folder = new TemporaryDirectory();
        ImageData drawn = SyntheticImages.Create(20, 10, seed: 4);
        CifarWriter.Write(drawn, folder.Path);
        ImageData small = DataSource.Load(new() { Source = folder.Path, ImageSize = 16, TrainImages = 12 }, seed: 0), same = DataSource.Load(new() { Source = folder.Path }, seed: 0);
        Assert.Multiple(() =>
        {
            Assert.That(small.Train.Pixels, Is.EqualTo(drawn.Train.Take(12).Scale(16).Pixels));
            Assert.That((small.Train.Size, small.Test.Size, small.Test.Pixels.Length), Is.EqualTo((16, 16, 10 * 768)));
            Assert.That(small.Reading, Is.EqualTo("The images of CIFAR-10, of 32x32 pixels, are scaled to 16x16."));
            Assert.That(same.Reading, Is.Null);
        });
    }

    [TestCase(8)]
    [TestCase(64)]
    public void Synthetic_images_show_the_same_scene_at_every_size(int size)
    {
        ImageSet usual = SyntheticImages.Create(40, 1, seed: 5).Train, other = SyntheticImages.Create(40, 1, seed: 5, size).Train;
        int least = Math.Min(size, 32);
        byte[] one = usual.Scale(least).Pixels, two = other.Scale(least).Pixels;
        double difference = one.Zip(two, (a, b) => Math.Abs(a - b)).Average(), shuffled = one.Zip(two.Skip(ImageSet.BytesAt(least)), (a, b) => Math.Abs(a - b)).Average();
        Assert.Multiple(() =>
        {
            Assert.That(other.Labels, Is.EqualTo(usual.Labels));
            Assert.That(difference, Is.LessThan(10), "grain of each pixel, and edges");
            Assert.That(shuffled, Is.GreaterThan(40), "of different images");
        });
    }

    [Test]
    public void A_run_trains_and_reports_at_the_size_that_is_set()
    {
        RunSettings settings = Given.Settings("method=dino encoder_width=8 small_crops=1 image_size=100 epochs=1 batch_size=8");
        ImageData data = SyntheticImages.Create(8, 20, seed: 0, size: 100);
        (EpochMetrics Metrics, RunPictures Pictures)[] runs = [Train(), Train()];
        using SKBitmap views = SKBitmap.Decode(runs[0].Pictures.Views), neighbours = SKBitmap.Decode(runs[0].Pictures.NeighboursAfter.Png);
        Assert.Multiple(() =>
        {
            Assert.That(runs[1].Metrics with { ImagesPerSecond = 0 }, Is.EqualTo(runs[0].Metrics with { ImagesPerSecond = 0 }), "to the last bit");
            Assert.That(settings.Crops.SizeOfSmallCrops(settings.Data.ImageSize), Is.EqualTo(50));
            Assert.That((views.Width, views.Height), Is.EqualTo(((8 * 52) - 2, (4 * 52) - 2)), "images of 100 pixels are shown at 50");
            Assert.That((neighbours.Width, neighbours.Height, runs[0].Pictures.NeighboursAfter.Size), Is.EqualTo(((7 * 52) - 2, (8 * 52) - 2, 50)));
            Assert.That(neighbours.GetPixel(49, 49).Alpha, Is.EqualTo(255));
            Assert.That(neighbours.GetPixel(50, 49).Alpha, Is.Zero, "between two images");
        });

        (EpochMetrics, RunPictures) Train()
        {
            using var trainer = new Trainer(Registry.Default, settings, data, CPU);
            RunResult result = trainer.Run(CancellationToken.None);
            return (trainer.Epochs[0], RunPictures.Draw(Registry.Default, settings, data.Train.ClassNames, result, trainer));
        }
    }
}
