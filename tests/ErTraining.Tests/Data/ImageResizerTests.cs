using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

internal sealed class ImageResizerTests
{
    [TestCase(1)]
    [TestCase(7)]
    [TestCase(31)]
    [TestCase(32)]
    [TestCase(33)]
    [TestCase(64)]
    [TestCase(75)]
    public void Each_pixel_is_the_mean_of_the_area_it_covers(int side)
    {
        byte[] image = Noise(side, side), scaled = Scaled(image, side, side);
        for (int y = 0; y < 32; y++)
        {
            for (int x = 0; x < 32; x++)
            {
                for (int channel = 0; channel < 3; channel++)
                {
                    // With each old pixel drawn as 32×32 small ones, a new pixel is side×side of them.
                    double sum = 0;
                    for (int i = 0; i < side * side; i++)
                    {
                        int row = (y * side + i / side) / 32, column = (x * side + i % side) / 32;
                        sum += image[(row * side + column) * 3 + channel];
                    }
                    Assert.That(scaled[(channel * 32 + y) * 32 + x], Is.EqualTo(Math.Floor(sum / (side * side) + 0.5)));
                }
            }
        }
    }

    [TestCase(50, 40, 5, 0)]
    [TestCase(40, 50, 0, 5)]
    [TestCase(41, 40, 0, 0)]
    public void An_oblong_image_is_cropped_to_its_centre(int width, int height, int left, int top)
    {
        byte[] image = Noise(width, height);
        int side = Math.Min(width, height);
        byte[] centre = [.. Enumerable.Range(0, side).SelectMany(row => image.Skip(((top + row) * width + left) * 3).Take(side * 3))];
        Assert.That(Scaled(image, width, height), Is.EqualTo(Scaled(centre, side, side)));
    }

    /// <summary>A decoder's half of an image is as good as the image with each of those pixels four times, wherever the centred square begins.</summary>
    [TestCase(90, 71, 2)]
    [TestCase(71, 90, 2)]
    [TestCase(331, 300, 4)]
    [TestCase(300, 341, 8)]
    public void An_image_decoded_at_a_part_of_its_size_is_cropped_where_the_whole_one_is(int width, int height, int divisor)
    {
        int partWidth = (width + divisor - 1) / divisor, partHeight = (height + divisor - 1) / divisor;
        byte[] part = Noise(partWidth, partHeight), whole = new byte[width * height * 3];
        for (int i = 0; i < whole.Length; i++)
        {
            (int row, int column) = (i / 3 / width / divisor, i / 3 % width / divisor);
            whole[i] = part[(row * partWidth + column) * 3 + i % 3];
        }
        Assert.That(Scaled(part, width, height, divisor), Is.EqualTo(Scaled(whole, width, height)));
    }

    /// <summary>The encoder in a user's own program scales images as training did.</summary>
    [Test]
    public void An_encoder_in_another_program_scales_images_to_the_same_pixels()
    {
        byte[] image = Noise(75, 61), scaled = new byte[ImageSet.BytesAt(32)];
        ErLoss.SelfSupervised.Encoders.ImageScaling.CropAndScale(image, 75, 61, scaled, 32);
        Assert.That(Scaled(image, 75, 61), Is.EqualTo(scaled));
    }

    [Test]
    public void White_stays_white_at_any_size()
    {
        foreach (int side in (int[])[1, 2, 31, 100, 1023])
        {
            Assert.That(Scaled([.. Enumerable.Repeat((byte)255, side * side * 3)], side, side), Is.All.EqualTo(255));
        }
    }

    private static byte[] Noise(int width, int height)
    {
        byte[] image = new byte[width * height * 3];
        new Random(width + height).NextBytes(image);
        return image;
    }

    private static byte[] Scaled(byte[] image, int width, int height, int divisor = 1)
    {
        byte[] scaled = new byte[CifarFormat.ImageBytes], withAlpha = [.. image.Chunk(3).SelectMany(pixel => pixel.Append((byte)0))];
        new ImageResizer(32, ImageColour.White).CropAndScale(withAlpha, width, height, divisor, isOpaque: true, default, scaled);
        return scaled;
    }
}
