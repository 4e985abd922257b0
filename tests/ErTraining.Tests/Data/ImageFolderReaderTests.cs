using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using SkiaSharp;

namespace ErTraining.Tests.Data;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ImageFolderReaderTests : IDisposable
{
    private static readonly string[] s_catAndDog = ["cat", "dog"];

    private static readonly ImageDecoding s_decoding = new DataSettings().Decoding(ImageSet.Size);

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("test")]
    [TestCase("val")]
    public void Train_and_test_folders_are_the_splits(string test)
    {
        Write("train/dog/b.png", 3);
        Write("train/cat/1.png", 1);
        Write("train/cat/2.PNG", 2);
        Write($"{test}/cat/x.png", 4);
        Write($"{test}/dog/y.png", 5);

        ImageData data = ImageFolderReader.Read(_folder.Path, s_decoding);

        Assert.Multiple(() =>
        {
            Assert.That(data.Name, Is.EqualTo(Path.GetFileName(_folder.Path)));
            Assert.That(data.Train.ClassNames, Is.EqualTo(s_catAndDog));
            Assert.That(data.Test.ClassNames, Is.EqualTo(s_catAndDog));
            Assert.That(Marks(data.Train), Is.EqualTo(new[] { (1, 0), (3, 1), (2, 0) }), "a class after the other in turn");
            Assert.That(Marks(data.Test), Is.EqualTo(new[] { (4, 0), (5, 1) }));
        });
    }

    [Test]
    public void Without_a_split_every_fifth_image_of_a_class_by_ordinal_name_is_a_test_image()
    {
        for (byte i = 0; i < 10; i++)
        {
            Write($"cat/{(char)('a' + i)}.png", i);
        }
        foreach ((string name, byte mark) in new (string, byte)[] { ("B", 100), ("Z", 101), ("a", 102), ("c", 103), ("ä", 104), ("é", 105) })
        {
            Write($"dog/{name}.png", mark); // ordinal order: capitals first, accents last
        }

        ImageData data = ImageFolderReader.Read(_folder.Path, s_decoding);

        Assert.Multiple(() =>
        {
            Assert.That(Marks(data.Test), Is.EqualTo(new[] { (4, 0), (104, 1), (9, 0) }));
            Assert.That(Marks(data.Train).Where(image => image.Label == 0).Select(image => image.Mark), Is.EqualTo(new[] { 0, 1, 2, 3, 5, 6, 7, 8 }));
            Assert.That(Marks(data.Train).Where(image => image.Label == 1).Select(image => image.Mark), Is.EqualTo(new[] { 100, 101, 102, 103, 105 }));
        });
    }

    [Test]
    public void Other_files_and_hidden_names_are_passed_over()
    {
        WriteClasses("cat", "dog");
        File.WriteAllText(_folder["readme.txt"], "");
        File.WriteAllText(_folder["cat/notes.txt"], "");
        File.WriteAllText(_folder["cat/._0.png"], "");
        Directory.CreateDirectory(_folder[".cache"]);
        Assert.That(ImageFolderReader.Read(_folder.Path, s_decoding).Train.ClassNames, Is.EqualTo(s_catAndDog));
    }

    [Test]
    public void A_class_may_be_called_train()
    {
        WriteClasses("plane", "train");
        Assert.That(ImageFolderReader.Read(_folder.Path, s_decoding).Train.ClassNames, Is.EqualTo(new[] { "plane", "train" }));
    }

    [Test]
    public void The_first_images_are_of_all_classes_and_only_they_are_read()
    {
        WriteClasses("cat", "dog");
        File.WriteAllText(_folder["dog/3.png"], "broken, the last training image");
        Assert.Multiple(() =>
        {
            Assert.That(Marks(DataSource.Load(new() { Source = _folder.Path, TrainImages = 4 }, seed: 0).Train), Is.EqualTo(new[] { (0, 0), (10, 1), (1, 0), (11, 1) }));
            Assert.That(() => DataSource.Load(new() { Source = _folder.Path }, seed: 0), Refused("3.png"));
            File.WriteAllText(_folder["dog/4.png"], "broken, the last test image");
            ImageSet test = DataSource.Load(new() { Source = _folder.Path, TrainImages = 4, TestImages = 1 }, seed: 0).Test;
            Assert.That(Marks(test), Is.EqualTo(new[] { (4, 0) }));
        });
    }

    [Test]
    public void More_images_than_there_are_are_refused()
    {
        WriteClasses("cat", "dog");
        Assert.That(() => DataSource.Load(new() { Source = _folder.Path, TrainImages = 9 }, seed: 0), Refused("8 training images, but 9 are asked for"));
        Assert.That(() => DataSource.Load(new() { Source = _folder.Path, TestImages = 3 }, seed: 0), Refused("2 test images, but 3 are asked for"));
    }

    [Test]
    public void A_folder_of_nothing_says_what_is_wanted()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => DataSource.Load(new() { Source = _folder.Path }, 0), Refused("neither CIFAR files nor class folders here; wanted 'synthetic', or a directory"));
            Assert.That(() => DataSource.Load(new() { Source = _folder["nowhere"] }, 0), Refused("no such directory"));
        });
    }

    [Test]
    public void One_class_is_refused()
    {
        WriteClasses("cat");
        Assert.That(() => ImageFolderReader.Read(_folder.Path, s_decoding), Refused("only one class folder, 'cat'; wanted two at least"));
    }

    [Test]
    public void A_class_without_images_is_refused()
    {
        WriteClasses("cat", "dog");
        Directory.CreateDirectory(_folder["eel"]);
        Assert.That(() => ImageFolderReader.Read(_folder.Path, s_decoding), Refused("eel: no images"));
    }

    [Test]
    public void Classes_too_small_for_a_test_image_are_refused()
    {
        Write("cat/1.png", 0);
        Write("dog/1.png", 0);
        Assert.That(() => ImageFolderReader.Read(_folder.Path, s_decoding), Refused("no class has 5 images"));
    }

    [Test]
    public void A_train_folder_alone_is_split_as_a_folder_of_classes_is()
    {
        WriteClasses("train/cat", "train/dog");
        ImageData data = DataSource.Load(new() { Source = _folder.Path }, seed: 0);
        Assert.Multiple(() =>
        {
            Assert.That(data.Train.ClassNames, Is.EqualTo(s_catAndDog));
            Assert.That(Marks(data.Train), Has.Length.EqualTo(8));
            Assert.That(Marks(data.Test), Is.EqualTo(new[] { (4, 0), (14, 1) }));
        });
        Directory.CreateDirectory(_folder["test"]);
        Assert.That(() => ImageFolderReader.Read(_folder.Path, s_decoding), Refused("no class folders"));
    }

    [TestCase("test", "test and train have no class folders within.")]
    [TestCase("Val", "Val and train have no class folders within.")]
    [TestCase("train", "train has no class folders within.")]
    public void Pictures_right_in_train_and_test_are_no_classes(string other, string says)
    {
        WriteClasses("train", other);
        Assert.That(() => DataSource.Load(new() { Source = _folder.Path }, seed: 0), Refused(says));
        Assert.That(() => DataSource.Load(new() { Source = _folder.Path }, seed: 0), Refused("/CLASS/*"));
    }

    [TestCase("cifar-10-batches-py", "data_batch_1 test_batch batches.meta", "", "the Python version of CIFAR-10; the binary version is wanted. Its archive, cifar-10-binary.tar.gz,")]
    [TestCase("cifar-10-batches-py", "data_batch_1 test_batch batches.meta", "cifar-10-batches-py", "the Python version of CIFAR-10; the binary version is wanted.")]
    [TestCase("cifar-100-python", "train test meta", "", "the Python version of CIFAR-100; the binary version is wanted. Its archive, cifar-100-binary.tar.gz,")]
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

    [TestCase("train", "test")]
    [TestCase("test", "train")]
    public void A_class_of_one_split_only_is_refused(string has, string lacks)
    {
        foreach (string path in (string[])["train/cat", "train/dog", "test/cat", "test/dog", $"{has}/eel"])
        {
            Write($"{path}/1.png", 0);
        }
        Assert.That(() => ImageFolderReader.Read(_folder.Path, s_decoding), Refused($"{_folder[lacks]}: no class folder 'eel'"));
    }

    [Test]
    public void A_broken_image_is_named()
    {
        WriteClasses("cat", "dog");
        Picture.Write(_folder["dog/2.jpg"], Picture.Encode(0, format: SKEncodedImageFormat.Jpeg)[..300]);
        Assert.That(() => ImageFolderReader.Read(_folder.Path, s_decoding), Refused("2.jpg: a damaged image: it ends too early"));
    }

    /// <summary>Five images each: marks 0–4 for the first class, 10–14 for the second.</summary>
    private void WriteClasses(params string[] names)
    {
        for (int i = 0; i < names.Length * 5; i++)
        {
            Write($"{names[i / 5]}/{i % 5}.png", (byte)(i / 5 * 10 + i % 5));
        }
    }

    private void Write(string path, byte mark) => Picture.Write(_folder[path], Picture.Encode(mark));

    /// <summary>Which picture each image is, by its red, and its label; all of it must be that picture.</summary>
    private static (int Mark, int Label)[] Marks(ImageSet images) =>
    [
        .. images.Labels.Select((label, i) =>
        {
            byte[] pixels = images.Pixels[(i * ImageSet.ImageBytes)..((i + 1) * ImageSet.ImageBytes)];
            Assert.That(pixels, Is.EqualTo(Picture.Planes(pixels[0])));
            return ((int)pixels[0], label);
        }),
    ];

    private static NUnit.Framework.Constraints.ContainsConstraint Refused(string says) =>
        Throws.TypeOf<DataException>().With.Message.Contains(says).And.Message.Not.Contains("\n");
}
