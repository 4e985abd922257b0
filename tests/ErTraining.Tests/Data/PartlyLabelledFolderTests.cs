using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

/// <summary>Folders in which a part of the images has labels, and folders with several ways to one image.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PartlyLabelledFolderTests : IDisposable
{
    private const string Fives = "cat/1.jpg cat/2.jpg cat/3.jpg cat/4.jpg cat/5.jpg dog/1.jpg";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase(
        $"{Fives} unlabeled/b/1.jpg unlabeled/2.jpg",
        "cat/1 0, dog/1 1, cat/2 0, cat/3 0, cat/4 0, unlabeled/2 -1, unlabeled/b/1 -1", "cat/5 0",
        "2 class folders; every fifth image of a class is a test image; 2 images without labels (in unlabeled), for training alone.")]
    [TestCase(
        "train/cat/1.jpg train/dog/1.jpg train/a.jpg train/Unlabelled/b.jpg unlabeled/c.jpg test/cat/2.jpg test/dog/2.jpg test/d.jpg",
        "train/cat/1 0, train/dog/1 1, train/a -1, train/Unlabelled/b -1, unlabeled/c -1", "test/cat/2 0, test/dog/2 1, test/d -1",
        "train in it: training images, and test images in test, in 2 class folders each; 3 images for training and 1 for tests without labels (in Unlabelled and unlabeled and beside the class folders).")]
    [TestCase(
        "train/cat/1.jpg train/dog/1.jpg train/a.jpg test/cat/2.jpg test/dog/2.jpg",
        "train/cat/1 0, train/dog/1 1, train/a -1", "test/cat/2 0, test/dog/2 1",
        "in 2 class folders each; 1 image without labels (beside the class folders), for training alone.")]
    [TestCase(
        "train/cat/1.jpg train/dog/1.jpg train/a.jpg test/cat/2.jpg test/eel/2.jpg",
        "train/a -1, train/cat/1 -1, train/dog/1 -1", "test/cat/2 -1, test/eel/2 -1",
        "and test images in test, without labels, since the training images have images beside the class folders.")]
    [TestCase(
        "train/1.jpg unlabeled/2.jpg test/3.jpg", "train/1 -1, unlabeled/2 -1", "test/3 -1",
        "train in it: training images, also in unlabeled, and test images in test, without labels.")]
    [TestCase(
        "train/1.jpg train/2.jpg train/3.jpg train/4.jpg train/5.jpg unlabeled/6.jpg", "train/1 -1, train/2 -1, train/3 -1, train/4 -1, unlabeled/6 -1", "train/5 -1",
        "train in it: images without labels; every fifth image is a test image; 1 image without labels (in unlabeled), for training alone.")]
    [TestCase(
        "unlabeled/a/1.jpg unlabeled/a/2.jpg unlabeled/a/3.jpg unlabeled/b/4.jpg unlabeled/b/5.jpg",
        "unlabeled/a/1 -1, unlabeled/a/2 -1, unlabeled/a/3 -1, unlabeled/b/4 -1", "unlabeled/b/5 -1",
        "images without labels, in folders within; every fifth image is a test image.")]
    public void Images_without_labels_train_after_those_with_labels_and_the_line_says_where_they_are(string files, string train, string test, string reading)
    {
        Make(files);
        ImageFolder folder = ImageFolderReader.Read(_folder.Path);
        Assert.Multiple(() =>
        {
            Assert.That(Show(folder.Train), Is.EqualTo(train));
            Assert.That(Show(folder.Test), Is.EqualTo(test));
            Assert.That(folder.ClassNames, train.Contains(" 1", StringComparison.Ordinal) ? Is.EqualTo(["cat", "dog"]) : Is.Empty);
            Assert.That(folder.Reading, Does.EndWith(reading));
            Assert.That(folder.LeftOut, Is.Empty);
        });
    }

    [Test]
    public void A_test_folder_beside_unlabelled_images_alone_is_refused()
    {
        Make("test/cat/1.jpg test/dog/1.jpg unlabeled/1.jpg");
        Assert.That(() => ImageFolderReader.Read(_folder.Path), Throws.TypeOf<DataException>().With.Message.Contains("folders test and unlabeled, but no folder train"));
    }

    [Test]
    public void Loaded_images_keep_what_labels_they_have()
    {
        foreach (string name in $"{Fives} unlabeled/1.jpg".Split(' '))
        {
            Picture.Write(_folder[name], Picture.Encode((byte)name.Length, 8, 8));
        }
        ImageData data = DataSource.Load(new() { Source = _folder.Path, ImageSize = 8 }, seed: 0);
        Assert.Multiple(() =>
        {
            Assert.That(data.Train.Labels, Is.EqualTo([0, 1, 0, 0, 0, ImageSet.NoLabel]));
            Assert.That(data.Summary, Does.EndWith("6 training and 1 test images of 8x8 pixels, of which 5 and 1 have labels; 2 classes. Warning: there is no test image of dog, so that the accuracies say nothing about that class."));
            Assert.That(ImageListing.Open(new() { Source = _folder.Path }, seed: 0).Images[^1], Is.EqualTo(new ListedImage("unlabeled/1.jpg", "", "unlabeled")));
        });
    }

    [Test]
    [Platform("Linux", Reason = "It lets everybody make links.")]
    public void An_image_to_which_links_make_several_ways_is_read_once()
    {
        Make(Fives);
        Directory.CreateSymbolicLink(_folder["album"], "cat"); // comes before the folder itself
        File.CreateSymbolicLink(_folder["dog/6.jpg"], "../cat/1.jpg");
        ImageFolder folder = ImageFolderReader.Read(_folder.Path);
        Assert.Multiple(() =>
        {
            Assert.That(Show([.. folder.Train, .. folder.Test]), Is.EqualTo("cat/1 0, dog/1 1, cat/2 0, cat/3 0, cat/4 0, cat/5 0"));
            Assert.That(folder.ClassNames, Is.EqualTo(["cat", "dog"]), "the album has no image of its own");
            Assert.That(LeftOutFile.Describe(folder.LeftOut), Is.EqualTo("Left out: 6 images that are read already under other names."));
            Assert.That(folder.LeftOut[0].Line, Is.EqualTo("image that is read already under another name\talbum/1.jpg\tas cat/1.jpg"));
            ImageListing listing = ImageListing.Open(new() { Source = _folder.Path }, seed: 0);
            Assert.That((listing.Images.Count, listing.Images[0].Path, listing.LeftOut.Count), Is.EqualTo((6, "cat/1.jpg", 6)));
        });
    }

    [Test]
    [Platform("Linux", Reason = "It lets everybody make links.")]
    public void An_image_of_the_test_folder_is_not_trained_on_and_one_with_a_label_keeps_it()
    {
        Make("train/1.jpg train/2.jpg");
        Directory.CreateDirectory(_folder["test"]);
        File.CreateSymbolicLink(_folder["test/2.jpg"], "../train/2.jpg");
        ImageFolder drawn = ImageFolderReader.Read(_folder.Path);
        Assert.That((Show(drawn.Train), Show(drawn.Test)), Is.EqualTo(("train/1 -1", "test/2 -1")));

        Make("all/unlabeled/1.jpg all/unlabeled/2.jpg all/unlabeled/3.jpg all/dog/x.jpg all/dog/a.jpg all/dog/b.jpg all/dog/c.jpg all/dog/d.jpg all/cat/x.jpg");
        File.CreateSymbolicLink(_folder["all/cat/1.jpg"], "../unlabeled/1.jpg");
        Assert.That(Show(ImageFolderReader.Read(_folder["all"]).Train), Is.EqualTo("all/cat/1 0, all/dog/a 1, all/cat/x 0, all/dog/b 1, all/dog/c 1, all/dog/d 1, all/unlabeled/2 -1, all/unlabeled/3 -1"));
    }

    [Test]
    public void A_file_that_cannot_be_read_and_has_no_ending_of_an_image_is_counted_as_such()
    {
        Make($"{Fives} cat/noending");
        using var locked = new FileStream(_folder["cat/noending"], FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.That(LeftOutFile.Describe(ImageFolderReader.Read(_folder.Path).LeftOut), Is.EqualTo("Left out: 1 file that cannot be read and may be an image."));
    }

    private void Make(string files)
    {
        foreach (string file in files.Split(' '))
        {
            Picture.Write(_folder[file], []);
        }
    }

    private string Show(IEnumerable<ImageEntry> images) =>
        string.Join(", ", images.Select(image => $"{Path.ChangeExtension(Path.GetRelativePath(_folder.Path, image.Path), null).Replace('\\', '/')} {image.Label}"));
}
