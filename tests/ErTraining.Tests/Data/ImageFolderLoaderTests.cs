using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using SkiaSharp;

namespace ErTraining.Tests.Data;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ImageFolderLoaderTests : IDisposable
{
    private static readonly string[] s_catAndDog = ["cat", "dog"];

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Each_image_has_its_pixels_and_its_label()
    {
        WriteClasses("cat", "dog");
        ImageData data = Load();
        Assert.Multiple(() =>
        {
            Assert.That(data.Name, Is.EqualTo(Path.GetFileName(_folder.Path)));
            Assert.That(data.Train.ClassNames, Is.EqualTo(s_catAndDog));
            Assert.That(data.Test.ClassNames, Is.EqualTo(s_catAndDog));
            Assert.That(Marks(data.Train), Is.EqualTo(new[] { (0, 0), (10, 1), (1, 0), (11, 1), (2, 0), (12, 1), (3, 0), (13, 1) }));
            Assert.That(Marks(data.Test), Is.EqualTo(new[] { (4, 0), (14, 1) }));
            Assert.That(data.Reading, Does.Contain("2 class folders"));
        });
    }

    [Test]
    public void A_flat_folder_has_no_labels_and_claims_no_accuracy()
    {
        WriteClasses(".");
        ImageData data = Load();
        Assert.Multiple(() =>
        {
            Assert.That((data.Train.HasLabels, data.Test.HasLabels), Is.EqualTo((false, false)));
            Assert.That(Marks(data.Train), Is.EqualTo(new[] { (0, -1), (1, -1), (2, -1), (3, -1) }));
            Assert.That(Marks(data.Test.Take(1)), Is.EqualTo(new[] { (4, -1) }));
            Assert.That(data.Summary, Does.EndWith("4 training and 1 test images of 32x32 pixels without labels, so that no accuracy is measured"));
        });
    }

    [Test]
    public void The_first_images_are_of_all_classes_and_only_they_are_read()
    {
        WriteClasses("cat", "dog");
        File.WriteAllText(_folder["dog/3.png"], "broken, the last training image");
        Assert.That(Marks(Load(new() { TrainImages = 4 }).Train), Is.EqualTo(new[] { (0, 0), (10, 1), (1, 0), (11, 1) }));
        File.WriteAllText(_folder["dog/4.png"], "broken, the last test image");
        Assert.That(Marks(Load(new() { TrainImages = 4, TestImages = 1 }).Test), Is.EqualTo(new[] { (4, 0) }));
    }

    [Test]
    public void More_images_than_there_are_are_refused()
    {
        WriteClasses("cat", "dog");
        Assert.That(() => Load(new() { TrainImages = 9 }), Refused("8 training images, but 9 are asked for"));
        Assert.That(() => Load(new() { TestImages = 3 }), Refused("2 test images, but 3 are asked for"));
    }

    [Test]
    public void Images_that_cannot_be_read_end_the_run_with_their_names_or_are_left_out()
    {
        WriteClasses("cat", "dog");
        Picture.Write(_folder["cat/1.png"], Picture.Encode(0, format: SKEncodedImageFormat.Jpeg)[..300]);
        Assert.That(() => Load(), Refused("cat/1.png: a damaged image: it ends too early. This image cannot be read; mend or remove it, or leave it out with the setting skip_unreadable.".Replace('/', Path.DirectorySeparatorChar)));
        File.WriteAllText(_folder["dog/0.png"], "a text");
        Assert.That(() => Load(), Refused(
            "2 images cannot be read; mend or remove them, or leave them out with the setting skip_unreadable: "
            + "dog/0.png (a text, perhaps, whatever its name; wanted an image (JPEG, PNG, WebP, BMP or GIF)); cat/1.png (a damaged image: it ends too early)."));

        ImageData data = Load(new() { SkipUnreadable = true }), first = Load(new() { SkipUnreadable = true, TrainImages = 4 });
        Assert.Multiple(() =>
        {
            Assert.That(Marks(data.Train), Is.EqualTo(new[] { (0, 0), (11, 1), (2, 0), (12, 1), (3, 0), (13, 1) }));
            Assert.That(Marks(first.Train), Is.EqualTo(new[] { (0, 0), (11, 1), (2, 0), (12, 1) }), "as if the others were not there");
            Assert.That(LeftOutFile.Describe(data.LeftOut), Is.EqualTo("Left out: 2 images that cannot be read."));
            Assert.That(data.LeftOut[1].Line, Is.EqualTo("image that cannot be read\tcat/1.png\ta damaged image: it ends too early"));
            Assert.That(() => Load(new() { SkipUnreadable = true, TrainImages = 7 }), Refused("6 training images, but 7 are asked for"));
        });
    }

    [Test]
    public void Of_many_images_that_cannot_be_read_the_first_ten_are_named()
    {
        for (int i = 0; i < 15; i++)
        {
            Picture.Write(_folder[$"{i:d2}.jpg"], []);
        }
        Assert.That(() => Load(), Refused("15 images cannot be read").And.Message.EndsWith("11.jpg (an empty file, whatever its name; wanted an image (JPEG, PNG, WebP, BMP or GIF)); and 5 more."));
        Assert.That(() => Load(new() { SkipUnreadable = true }), Refused("no training image can be read: 00.jpg (an empty file, whatever its name; wanted an image (JPEG, PNG, WebP, BMP or GIF)); 01.jpg (").And.Message.EndsWith("; and 2 more."));
    }

    [Test]
    public void The_limit_of_pixels_and_the_background_are_settings()
    {
        WriteClasses(".");
        File.WriteAllBytes(_folder["3.png"], HandMade.Png(1, 1, 6, [0, 9, 9, 9, 0]));
        Assert.Multiple(() =>
        {
            Assert.That(() => Load(new() { MaxPixels = 1023 }), Refused("0.png (32x32 pixels; at most 1,023 are read (the setting max_pixels))"));
            Assert.That(Load().Train.Pixels[^CifarFormat.ImageBytes..], Is.All.EqualTo(255));
            Assert.That(Load(new() { Background = "black" }).Train.Pixels[^CifarFormat.ImageBytes..], Is.All.EqualTo(0));
        });
    }

    private ImageData Load(DataSettings? settings = null) => DataSource.Load((settings ?? new()) with { Source = _folder.Path }, seed: 0);

    /// <summary>Five images each: marks 0–4 for the first class, 10–14 for the second.</summary>
    private void WriteClasses(params string[] names)
    {
        for (int i = 0; i < names.Length * 5; i++)
        {
            Picture.Write(_folder[$"{names[i / 5]}/{i % 5}.png"], Picture.Encode((byte)(i / 5 * 10 + i % 5)));
        }
    }

    /// <summary>Which picture each image is, by its red, and its label, −1 without labels; all of it must be that picture.</summary>
    private static (int Mark, int Label)[] Marks(ImageSet images) =>
    [
        .. Enumerable.Range(0, images.Count).Select(i =>
        {
            byte[] pixels = images.Pixels[(i * CifarFormat.ImageBytes)..((i + 1) * CifarFormat.ImageBytes)];
            Assert.That(pixels, Is.EqualTo(Picture.Planes(pixels[0])));
            return ((int)pixels[0], images.HasLabels ? images.Labels[i] : -1);
        }),
    ];

    private static NUnit.Framework.Constraints.ContainsConstraint Refused(string says) =>
        Throws.TypeOf<DataException>().With.Message.Not.Contains("\n").And.Message.Contains(says);
}
