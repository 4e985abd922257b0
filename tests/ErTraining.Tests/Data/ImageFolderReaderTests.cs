using System.Text;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

/// <summary>How folders are read. No image is decoded for that, so that empty files with the names of images will do.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ImageFolderReaderTests : IDisposable
{
    private static readonly string[] s_catAndDog = ["cat", "dog"];

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("train", "test")]
    [TestCase("Train", "VAL")]
    public void Train_and_test_folders_with_classes_are_the_splits(string train, string test)
    {
        Make($"{train}/dog/b.png {train}/cat/1.png {train}/cat/2.PNG {test}/cat/x.png {test}/dog/y.png");
        ImageFolder folder = Read();
        Assert.Multiple(() =>
        {
            Assert.That(folder.ClassNames, Is.EqualTo(s_catAndDog));
            Assert.That(Show(folder.Train), Is.EqualTo($"{train}/cat/1.png 0, {train}/dog/b.png 1, {train}/cat/2.PNG 0"), "a class after the other in turn");
            Assert.That(Show(folder.Test), Is.EqualTo($"{test}/cat/x.png 0, {test}/dog/y.png 1"));
            Assert.That(folder.Reading, Is.EqualTo($"{_folder.Path} was read as {train} in it: training images, and test images in {test}, in 2 class folders each."));
        });
    }

    [Test]
    public void Without_a_split_every_fifth_image_of_a_class_by_ordinal_name_is_a_test_image()
    {
        Make("cat/a.png cat/b.png cat/c.png cat/d.png cat/e.png cat/f.png dog/B.png dog/Z.png dog/a.png dog/c.png dog/ä.png dog/é.png"); // capitals first, accents last
        ImageFolder folder = Read();
        Assert.Multiple(() =>
        {
            Assert.That(Show(folder.Test), Is.EqualTo("cat/e.png 0, dog/ä.png 1"));
            Assert.That(Show(folder.Train), Is.EqualTo("cat/a.png 0, dog/B.png 1, cat/b.png 0, dog/Z.png 1, cat/c.png 0, dog/a.png 1, cat/d.png 0, dog/c.png 1, cat/f.png 0, dog/é.png 1"));
            Assert.That(folder.Reading, Does.EndWith("was read as 2 class folders; every fifth image of a class is a test image."));
        });
    }

    [TestCase("3.jpg 1.jpg 5.jpg 2.jpg 4.jpg", "images without labels;")]
    [TestCase("1.jpg 2.jpg summer/3.jpg summer/4.jpg winter/5.jpg", "images without labels, here and in folders within;")]
    [TestCase("2025/05/1.jpg 2025/05/2.jpg 2025/3.jpg 2025/4.jpg 2025/06/5.jpg", "2025 in it: images without labels, here and in folders within;")]
    [TestCase("train/1.jpg train/2.jpg train/3.jpg train/4.jpg train/5.jpg", "train in it: images without labels;")]
    [TestCase("cat/1.jpg cat/2.jpg cat/3.jpg cat/4.jpg dog/5.jpg", "images without labels, in folders within;", FolderLabels.None)]
    public void Images_without_class_folders_have_no_labels(string files, string reading, FolderLabels labels = FolderLabels.Auto)
    {
        Make(files);
        ImageFolder folder = Read(labels);
        Assert.Multiple(() =>
        {
            Assert.That(folder.ClassNames, Is.Empty);
            Assert.That((folder.Train.Count, folder.Test.Count), Is.EqualTo((4, 1)));
            Assert.That(folder.Reading, Does.EndWith($"was read as {reading} every fifth image is a test image."));
            Assert.That(folder.LeftOut, Is.Empty);
        });
    }

    [TestCase("train/1.jpg train/2.jpg test/3.jpg", "train in it: training images, and test images in test, without labels.")]
    [TestCase("train/cat/1.jpg train/dog/2.jpg val/3.jpg", "train in it: training images, and test images in val, without labels, since val has no class folders.")]
    [TestCase("train/cat/1.jpg train/dog/2.jpg val/cat/3.jpg", "train in it: training images, and test images in val, without labels, since val has only one class folder.")]
    [TestCase("pets/train/a/1.jpg pets/train/2.jpg pets/test/3.jpg", "pets/train in it: training images, and test images in test, without labels.")]
    [TestCase("train/train/1.jpg train/train/2.jpg train/test/3.jpg", "train/train in it: training images, and test images in test, without labels.")]
    public void Train_and_test_folders_can_be_flat(string files, string reading)
    {
        Make(files);
        ImageFolder folder = Read();
        Assert.Multiple(() =>
        {
            Assert.That(folder.ClassNames, Is.Empty);
            Assert.That((folder.Train.Count, folder.Test.Count), Is.EqualTo((2, 1)));
            Assert.That(folder.Reading, Does.EndWith(reading.Replace('/', Path.DirectorySeparatorChar)));
        });
    }

    [Test]
    public void The_images_of_a_class_may_lie_deeper_and_those_beside_the_classes_have_no_labels()
    {
        Make("cat/1.jpg cat/small/2.jpg cat/small/3.jpg cat/4.jpg cat/5.jpg dog/1.jpg cover.jpg");
        ImageFolder folder = Read(FolderLabels.Folders);
        Assert.Multiple(() =>
        {
            Assert.That(Show([.. folder.Train, .. folder.Test]), Is.EqualTo("cat/1.jpg 0, dog/1.jpg 1, cat/4.jpg 0, cat/5.jpg 0, cat/small/2.jpg 0, cover.jpg -1, cat/small/3.jpg 0"));
            Assert.That(folder.Reading, Does.EndWith("2 class folders; every fifth image of a class is a test image; 1 image without labels (beside the class folders), for training alone."));
            Assert.That(folder.LeftOut, Is.Empty);
            Assert.That(Read().ClassNames, Is.Empty, "images beside the folders");
        });
    }

    [TestCase("plane train", "a class may be called train")]
    [TestCase("test train-set", "a class may be called test")]
    public void A_class_may_be_called_as_a_split_is(string names, string why)
    {
        Make(string.Join(' ', names.Split(' ').SelectMany(name => Enumerable.Range(1, 5).Select(i => $"{name}/{i}.png"))));
        Assert.That(Read().ClassNames, Is.EqualTo(names.Split(' ')), why);
    }

    [Test]
    public void A_second_test_folder_and_what_lies_beside_the_splits_is_left_out_and_counted()
    {
        Make("train/1.jpg test/2.jpg val/3.jpg val/4.jpg cover.jpg");
        ImageFolder folder = Read();
        Assert.That(folder.LeftOut.Select(file => file.Path), Is.EqualTo(["cover.jpg", "val/3.jpg", "val/4.jpg"]));
        Assert.That(LeftOutFile.Describe(folder.LeftOut), Is.EqualTo("Left out: 3 images outside the folders that are used."));
    }

    [Test]
    public void All_that_is_no_image_is_counted_by_reason()
    {
        Make("cat/1.jpg cat/2.jfif cat/3.JPEG cat/4.webp cat/5.bmp dog/1.gif dog/notes.txt dog/IMG_1.HEIC dog/2.tiff dog/.DS_Store .ipynb_checkpoints/1.png __MACOSX/cat/1.jpg cat/@eaDir/1.jpg lost+found/1.jpg");
        Directory.CreateDirectory(_folder["eel/empty"]);
        File.WriteAllBytes(_folder["cat/6.txt"], HandMade.Gif);
        File.WriteAllBytes(_folder["dog/noending"], HandMade.GreyPng(1, [7]));
        ImageFolder folder = Read();
        Assert.Multiple(() =>
        {
            Assert.That(Show([.. folder.Train, .. folder.Test]), Is.EqualTo(
                "cat/1.jpg 0, dog/1.gif 1, cat/2.jfif 0, dog/noending 1, cat/3.JPEG 0, cat/4.webp 0, cat/6.txt 0, cat/5.bmp 0"), "images whose ending lies, too");
            Assert.That(LeftOutFile.Describe(folder.LeftOut), Is.EqualTo(
                "Left out: 2 images of formats that are not read, 1 file that is no image, 2 hidden files and folders, 3 folders of other programs, 2 folders without images."));
            Assert.That(folder.LeftOut.Select(file => file.Line), Does.Contain("file that is no image\tdog/notes.txt").And.Contain("folder without images\teel"));
        });
    }

    [Test]
    [Platform("Linux", Reason = "It has such files, and a program that makes them.")]
    public void Links_are_followed_but_not_in_circles_and_pipes_are_no_pictures()
    {
        using var elsewhere = new TemporaryDirectory();
        Picture.Write(elsewhere["dogs/1.jpg"], []);
        Make("cat/1.jpg cat/2.jpg cat/3.jpg cat/4.jpg cat/größer/5.jpg");
        Directory.CreateSymbolicLink(_folder["dog"], elsewhere["dogs"]);
        File.CreateSymbolicLink(_folder["cat/6.jpg"], _folder["cat/1.jpg"]);
        Directory.CreateSymbolicLink(_folder["cat/größer/up"], "../..");
        Directory.CreateSymbolicLink(elsewhere["dogs/self"], elsewhere["dogs"]);
        File.CreateSymbolicLink(_folder["cat/gone.jpg"], _folder["nowhere"]);
        File.CreateSymbolicLink(_folder["cat/round.jpg"], "round.jpg");
        File.CreateSymbolicLink(_folder["cat/zeros.png"], "/dev/zero");
        Make("cat/back\\slash.txt");
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [_folder["cat/pipe.jpg"], _folder["cat/pipe"]]))
        {
            mkfifo.WaitForExit();
        }
        ImageFolder folder = Read();
        Assert.Multiple(() =>
        {
            Assert.That(Show([.. folder.Train, .. folder.Test]), Is.EqualTo("cat/1.jpg 0, dog/1.jpg 1, cat/2.jpg 0, cat/3.jpg 0, cat/4.jpg 0, cat/größer/5.jpg 0"));
            Assert.That(folder.LeftOut.Select(file => file.Line).Order(StringComparer.Ordinal), Is.EqualTo(
            [
                "file that is no image\tcat/back\\slash.txt", // in Linux a backslash is a part of a name
                "image that is read already under another name\tcat/6.jpg\tas cat/1.jpg",
                "link to a folder that it is in\tcat/größer/up", "link to a folder that it is in\tdog/self", "link to nothing\tcat/gone.jpg", "link to nothing\tcat/round.jpg",
                "pipe, device or socket\tcat/pipe", "pipe, device or socket\tcat/pipe.jpg", "pipe, device or socket\tcat/zeros.png",
            ]));
        });
    }

    [Test]
    [Platform("Linux", Reason = "It lets everybody make links.")]
    public void Links_are_followed_as_the_system_follows_them_where_the_way_to_them_leads_through_a_link()
    {
        Make("disk/originals/1.jpg disk/originals/2.jpg disk/album/3.jpg disk/album/4.jpg disk/album/5.jpg");
        Directory.CreateDirectory(_folder["home"]);
        Directory.CreateSymbolicLink(_folder["home/photos"], "../disk/album");
        File.CreateSymbolicLink(_folder["disk/album/1.jpg"], "../originals/1.jpg"); // from home/photos, .. would be home in the text
        Directory.CreateSymbolicLink(_folder["disk/album/more"], "../originals");
        Directory.CreateSymbolicLink(_folder["disk/originals/circle"], "../album");
        Directory.CreateSymbolicLink(_folder["disk/originals/another"], "../originals");
        ImageFolder folder = ImageFolderReader.Read(_folder["home/photos"]);
        Assert.Multiple(() =>
        {
            Assert.That(Show([.. folder.Train, .. folder.Test]), Is.EqualTo(
                "home/photos/1.jpg -1, home/photos/3.jpg -1, home/photos/4.jpg -1, home/photos/5.jpg -1, home/photos/more/2.jpg -1"));
            Assert.That(folder.LeftOut.Select(file => file.Line), Is.EqualTo(
                ["link to a folder that it is in\tmore/another", "link to a folder that it is in\tmore/circle", "image that is read already under another name\tmore/1.jpg\tas 1.jpg"]));
        });
    }

    [TestCase("", "no images (JPEG, PNG, WebP, BMP or GIF) here or in the folders within.")]
    [TestCase("cat/notes.txt .hidden.jpg", "in the folders within. Left out: 1 file that is no image, 1 hidden file or folder, 1 folder without images.")]
    [TestCase("cat/1.png dog/1.png", "no class has 5 images, so taking every fifth gives no test images")]
    [TestCase("1.png 2.png", "too few images (2); at least 5 are wanted")]
    [TestCase("test/1.png val/1.png", "folders test and val, but no folder train")]
    [TestCase("train/cat/1.png train/dog/1.png train/eel/1.png test/cat/1.png test/dog/1.png", "test: no images of a class folder 'eel', which ")]
    [TestCase("test/cat/1.png test/dog/1.png test/eel/1.png train/cat/1.png train/dog/1.png train/eel/notes.txt", "train: no images of a class folder 'eel', which ")]
    public void A_folder_that_cannot_be_trained_on_is_refused(string files, string says)
    {
        Make(files);
        Assert.That(() => Read(), Refused(says));
    }

    [TestCase("1.png 2.png", "no class folders; wanted two at least")]
    [TestCase("cat/1.png cat/2.png", "only one class folder, 'cat'; wanted two at least")]
    public void Labels_that_are_not_there_are_refused_where_they_are_wanted(string files, string says)
    {
        Make(files);
        Assert.That(() => Read(FolderLabels.Folders), Refused(says));
    }

    [Test]
    public void A_class_whose_test_folder_is_empty_is_told_in_the_summary()
    {
        Make("train/cat/1.png train/dog/1.png train/eel/1.png test/cat/1.png test/dog/1.png");
        Directory.CreateDirectory(_folder["test/eel"]);
        foreach (string file in Directory.GetFiles(_folder.Path, "*.png", SearchOption.AllDirectories))
        {
            File.WriteAllBytes(file, HandMade.GreyPng(1, [7]));
        }
        Assert.That(DataSource.Load(new() { Source = _folder.Path }, seed: 0).Summary, Does.Contain("3 classes. Warning: there is no test image of eel,"));
    }

    [TestCase("cifar-10-batches-py", "data_batch_1 test_batch batches.meta", "", "the Python version of CIFAR-10; the binary version is wanted. Its archive, cifar-10-binary.tar.gz,")]
    [TestCase("cifar-10-batches-py", "data_batch_1 test_batch batches.meta", "cifar-10-batches-py", "the Python version of CIFAR-10; the binary version is wanted.")]
    [TestCase("cifar-100-python", "train test meta", "", "the Python version of CIFAR-100; the binary version is wanted. Its archive, cifar-100-binary.tar.gz,")]
    [TestCase("stl10_matlab", "train.mat test.mat unlabeled.mat", "", "the Matlab version of STL-10; the binary version is wanted. Its archive, stl10_binary.tar.gz,")]
    [TestCase("downloads", "stl10_matlab.tar.gz", "downloads", "no images. It holds STL-10's Matlab version; the binary version, an archive of the same page, is wanted, unpacked.")]
    [TestCase("downloads", "cifar-10-binary.tar.gz", "downloads/cifar-10-binary.tar.gz", "an archive. Unpack it (tar -xf ")]
    [TestCase("downloads", "pictures.ZIP notes.txt", "downloads", "an archive is here, pictures.ZIP, and no images. Unpack it (unzip ")]
    [TestCase("downloads", "cifar-10-python.tar.gz", "downloads", "no images. It holds CIFAR's Python version; the binary version, an archive of the same page, is wanted, unpacked.")]
    public void What_is_nearly_a_set_of_images_is_told_and_the_line_says_what_to_do(string folder, string files, string data, string says)
    {
        Directory.CreateDirectory(_folder[folder]);
        foreach (string file in files.Split(' '))
        {
            File.WriteAllBytes(_folder[$"{folder}/{file}"], [0x80, 4]);
        }
        Assert.That(() => DataSource.Load(new() { Source = _folder[data] }, seed: 0), Refused(says));
    }

    [Test]
    public void A_folder_that_is_not_there_says_what_is_wanted() =>
        Assert.That(() => DataSource.Load(new() { Source = _folder["nowhere"] }, 0), Refused("no such directory; wanted 'synthetic', or a directory with"));

    private void Make(string files)
    {
        foreach (string file in files.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            Picture.Write(_folder[file], file.EndsWith(".txt", StringComparison.Ordinal) ? Encoding.ASCII.GetBytes("a text") : []);
        }
    }

    private ImageFolder Read(FolderLabels labels = FolderLabels.Auto) => ImageFolderReader.Read(_folder.Path, labels);

    private string Show(IEnumerable<ImageEntry> images) =>
        string.Join(", ", images.Select(image => $"{Path.GetRelativePath(_folder.Path, image.Path).Replace('\\', '/')} {image.Label}"));

    private static NUnit.Framework.Constraints.ContainsConstraint Refused(string says) =>
        Throws.TypeOf<DataException>().With.Message.Not.Contains("\n").And.Message.Contains(says);
}
