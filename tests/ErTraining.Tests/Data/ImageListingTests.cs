using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ImageListingTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void All_images_of_a_folder_are_listed_by_path_with_classes_and_splits_where_there_are_any()
    {
        string[] files = ["train/b/2.PNG", "train/b/1.png", "train/0.png", "Test/b/ü.png", "loose.png", "a/in/3.png", ".hidden/4.png", "a/.5.png", "a/readme.txt"];
        foreach (string file in files)
        {
            Picture.Write(_folder[file], file.EndsWith(".txt", StringComparison.Ordinal) ? [.. "a text"u8] : Picture.Encode((byte)file.Length));
        }
        Directory.CreateSymbolicLink(_folder["a/loop"], _folder.Path);

        ImageListing listing = Open();

        Assert.That(listing.Images, Is.EqualTo((ListedImage[])
        [
            new("Test/b/ü.png", "b", "Test"), new("a/in/3.png", "a/in", ""), new("loose.png", "", ""), new("train/0.png", "", "train"), new("train/b/1.png", "b", "train"), new("train/b/2.PNG", "b", "train"),
        ]));
        byte[] pixels = new byte[2 * listing.ImageBytes];
        listing.Read(first: 1, count: 2, pixels);
        Assert.That(pixels, Is.EqualTo((byte[])[.. Picture.Planes((byte)"a/in/3.png".Length), .. Picture.Planes((byte)"loose.png".Length)]));
    }

    [Test]
    [Platform("Linux", Reason = "A backslash is an ordinary character of names there.")]
    public void A_name_with_a_backslash_stays_as_it_is()
    {
        Picture.Write(_folder[@"back\slash.png"], Picture.Encode(1));
        ImageListing listing = Open();
        Assert.That(listing.Images, Is.EqualTo((ListedImage[])[new(@"back\slash.png", "", "")]));
        Assert.That(() => listing.Read(0, 1, new byte[listing.ImageBytes]), Throws.Nothing);
    }

    [Test]
    public void A_fingerprint_tells_the_first_images_from_others()
    {
        Picture.Write(_folder["1.png"], Picture.Encode(1));
        Picture.Write(_folder["2.png"], Picture.Encode(2));
        (string first, string both) = (Open().Fingerprint(1), Open().Fingerprint(2));
        File.AppendAllText(_folder["2.png"], " ");
        Assert.Multiple(() =>
        {
            Assert.That(Open().Fingerprint(1), Is.EqualTo(first));
            Assert.That(Open().Fingerprint(2), Is.Not.EqualTo(both));
        });
    }

    [Test]
    public void A_fingerprint_is_that_of_the_images_as_they_were_read_also_where_a_link_leads_to_them()
    {
        using var elsewhere = new TemporaryDirectory();
        Picture.Write(elsewhere["target.png"], Picture.Encode(1));
        File.CreateSymbolicLink(_folder["link.png"], elsewhere["target.png"]);
        ImageListing listing = Open();
        string before = Open().Fingerprint(1);
        listing.Read(0, 1, new byte[listing.ImageBytes]);
        File.AppendAllText(elsewhere["target.png"], " ");
        Assert.Multiple(() =>
        {
            Assert.That(listing.Fingerprint(1), Is.EqualTo(before));
            Assert.That(Open().Fingerprint(1), Is.Not.EqualTo(before));
        });
    }

    [Test]
    public void The_first_image_that_cannot_be_read_is_named()
    {
        foreach (string name in (string[])["1.png", "2.png", "3.png"])
        {
            File.WriteAllText(_folder[name], "no picture");
        }
        ImageListing listing = Open();
        Assert.That(() => listing.Read(1, 2, new byte[2 * listing.ImageBytes]), Throws.TypeOf<DataException>().With.Message.Contains("2.png: ").And.Message.Contains("or leave it out with the setting skip_unreadable."));
    }

    [Test]
    public void Images_that_cannot_be_read_are_left_out_on_demand()
    {
        foreach (byte mark in (byte[])[1, 2, 3, 4])
        {
            Picture.Write(_folder[$"{mark}.png"], mark % 2 == 1 ? [.. "no picture"u8] : Picture.Encode(mark));
        }
        ImageListing listing = ImageListing.Open(new DataSettings { Source = _folder.Path, SkipUnreadable = true }, seed: 0);
        byte[] pixels = new byte[4 * listing.ImageBytes];
        IReadOnlyList<UnreadableImage> leftOut = listing.Read(0, 4, pixels);
        Assert.Multiple(() =>
        {
            Assert.That(leftOut.Select(image => image.Index), Is.EqualTo([0, 2]));
            Assert.That(leftOut[1].Fault, Does.StartWith("a text, perhaps, whatever its name;"));
            Assert.That(pixels[..(2 * listing.ImageBytes)], Is.EqualTo((byte[])[.. Picture.Planes(2), .. Picture.Planes(4)]));
        });
    }

    [Test]
    public void A_set_in_memory_has_its_training_images_first()
    {
        ImageData data = SyntheticImages.Create(3, 2, seed: 0);
        ImageListing listing = ImageListing.Of(data);
        byte[] pixels = new byte[2 * listing.ImageBytes];
        listing.Read(first: 2, count: 2, pixels);
        Assert.Multiple(() =>
        {
            Assert.That(listing.Images.Select(image => image.Path), Is.EqualTo((string[])["train/0", "train/1", "train/2", "test/0", "test/1"]));
            Assert.That(listing.Images[3].Label, Is.EqualTo(data.Test.ClassNames[data.Test.Labels[0]]));
            Assert.That(pixels, Is.EqualTo((byte[])[.. data.Train.Pixels[^ImageSet.BytesAt(32)..], .. data.Test.Pixels[..ImageSet.BytesAt(32)]]));
        });
    }

    [Test]
    public void A_folder_without_images_is_refused()
    {
        Assert.That(Open, Throws.TypeOf<DataException>().With.Message.EndsWith("no images (JPEG, PNG, WebP, BMP or GIF) here or in the folders within; wanted a folder of images."));
        Assert.That(() => ImageListing.Open(new DataSettings { Source = _folder["nowhere"] }, seed: 0), Throws.TypeOf<DataException>().With.Message.Contains("no such directory"));
    }

    private ImageListing Open() => ImageListing.Open(new DataSettings { Source = _folder.Path }, seed: 0);
}
