using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using ErTraining.Commands;

namespace ErTraining.Tests.Data;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class Stl10ReaderTests : IDisposable
{
    private const int Side = 96, Plane = Side * Side;

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase(".")]
    [TestCase("stl10_binary")]
    public void Images_with_labels_come_first_and_each_has_its_rows_from_the_columns_of_the_file(string folder)
    {
        WriteSet(folder);
        ImageData data = Load();
        Assert.Multiple(() =>
        {
            Assert.That(data.Train.Labels, Is.EqualTo([9, 0, -1, -1, -1]));
            Assert.That(data.Test.Labels, Is.EqualTo([4]));
            Assert.That(data.Train.Pixels.AsSpan().SequenceEqual((byte[])[.. Rows(1), .. Rows(2), .. Rows(3), .. Rows(4), .. Rows(5)]));
            Assert.That(data.Test.Pixels.AsSpan().SequenceEqual(Rows(6)));
            Assert.That(data.Train.ClassNames, Is.EqualTo(["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]));
            Assert.That(data.Summary, Does.StartWith("STL-10: 5 training and 1 test images of 96x96 pixels, of which 2 and 1 have labels; 10 classes."));
            Assert.That(data.Reading, Is.Null);
            Assert.That(() => RunImages.CheckIsOutside(new DataSettings { Source = _folder.Path }, _folder["run"]), Throws.Nothing);
        });
    }

    [Test]
    public void Images_are_scaled_while_they_are_read_as_others_are_and_no_more_are_read_than_wanted()
    {
        WriteSet();
        ImageData whole = Load(), scaled = Load(32, 3);
        Assert.Multiple(() =>
        {
            Assert.That(scaled.Train.Pixels, Is.EqualTo(whole.Train.Take(3).Scale(32).Pixels));
            Assert.That(scaled.Train.Labels, Is.EqualTo([9, 0, -1]));
            Assert.That(scaled.Reading, Is.EqualTo("The images of STL-10, of 96x96 pixels, are scaled to 32x32."));
            Assert.That(() => Load(trainImages: 6), Refused("5 training images, but 6 are asked for"));
        });
    }

    [Test]
    public void The_part_without_labels_may_be_missing_and_class_names_come_from_their_file()
    {
        WriteSet();
        File.Delete(_folder["unlabeled_X.bin"]);
        File.WriteAllText(_folder["class_names.txt"], "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
        File.WriteAllText(_folder["fold_indices.txt"], "0 1\n");
        ImageData data = Load();
        Assert.That((data.Train.Count, data.Train.LabelledCount, string.Concat(data.Train.ClassNames)), Is.EqualTo((2, 2, "abcdefghij")));
    }

    [Test]
    public void A_listing_has_all_images_with_their_parts_and_classes()
    {
        WriteSet("stl10_binary");
        ImageListing listing = ImageListing.Open(new DataSettings { Source = _folder.Path, ImageSize = Side }, seed: 0);
        byte[] pixels = new byte[6 * listing.ImageBytes];
        listing.Read(0, 6, pixels);
        string before = listing.Fingerprint(2);
        Assert.Multiple(() =>
        {
            Assert.That(listing.Images, Is.EqualTo((ListedImage[])
            [
                new("train/0", "truck", "train"), new("train/1", "airplane", "train"), new("unlabeled/0", "", "unlabeled"), new("unlabeled/1", "", "unlabeled"), new("unlabeled/2", "", "unlabeled"),
                new("test/0", "deer", "test"),
            ]));
            Assert.That(pixels.AsSpan().SequenceEqual((byte[])[.. Rows(1), .. Rows(2), .. Rows(3), .. Rows(4), .. Rows(5), .. Rows(6)]));
        });
        File.SetLastWriteTimeUtc(_folder["stl10_binary/train_X.bin"], new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.That(ImageListing.Open(new DataSettings { Source = _folder.Path }, seed: 0).Fingerprint(2), Is.Not.EqualTo(before));
    }

    [TestCase("train_X.bin", 0, "train_X.bin: empty; wanted images of 27648 bytes.")]
    [TestCase("unlabeled_X.bin", 27_649, "unlabeled_X.bin: 27649 bytes are 1 images of 27648 bytes with 1 left over; wanted whole images.")]
    [TestCase("test_X.bin", 55_296, "test_y.bin: 1 labels of a byte for 2 images in test_X.bin; wanted a label for each image.")]
    [TestCase("train_y.bin", -1, "no train_y.bin, the labels of the images in train_X.bin; wanted the files of stl10_binary.tar.gz.")]
    [TestCase("test_X.bin", -1, "no test_X.bin, the images of STL-10; wanted the files of stl10_binary.tar.gz.")]
    [TestCase("class_names.txt", 3, "class_names.txt: 1 class names; STL-10 has 10, a line each.")]
    public void Files_that_do_not_fit_each_other_are_refused(string file, int length, string says)
    {
        WriteSet();
        if (length < 0)
        {
            File.Delete(_folder[file]);
        }
        else
        {
            File.WriteAllBytes(_folder[file], [.. Enumerable.Repeat((byte)'a', length)]);
        }
        Assert.That(() => Load(), Refused(says));
    }

    [TestCase(0)]
    [TestCase(11)]
    public void A_label_out_of_range_is_refused(byte label)
    {
        WriteSet();
        File.WriteAllBytes(_folder["train_y.bin"], [1, label]);
        Assert.That(() => Load(), Refused($"train_y.bin: image 2 has label {label}; wanted 1 to 10."));
    }

    [Test]
    public void More_images_than_fit_in_memory_are_read_when_they_are_needed()
    {
        WriteSet();
        using (FileStream sparse = File.OpenWrite(_folder["unlabeled_X.bin"]))
        {
            sparse.SetLength(100_000L * Side * Side * 3);
        }
        ImageData data = Load();
        byte[] pixels = new byte[3 * Plane];
        data.Train.Source.Read(3, pixels);
        Assert.That((data.Train.Count, data.Train.LabelledCount), Is.EqualTo((100_002, 2)));
        Assert.That(pixels.AsSpan().SequenceEqual(Rows(4)));
        Assert.That(Load(trainImages: 4).Train.Pixels.AsSpan(3 * 3 * Plane).SequenceEqual(Rows(4)), "fewer are in memory");
    }

    [Test]
    public void Another_set_beside_it_is_refused()
    {
        WriteSet("stl10_binary");
        CifarWriter.Write(SyntheticImages.Create(20, 10, seed: 0), _folder["cifar-10-batches-bin"]);
        Assert.That(() => Load(), Refused("files of CIFAR and of STL-10 are here; wanted those of one of them, "));
    }

    private ImageData Load(int size = Side, int? trainImages = null) => DataSource.Load(new() { Source = _folder.Path, ImageSize = size, TrainImages = trainImages }, seed: 0);

    /// <summary>Two images with labels, three without, and one for tests.</summary>
    private void WriteSet(string folder = ".")
    {
        Directory.CreateDirectory(_folder[folder]);
        Write("train_X.bin", [.. Columns(1), .. Columns(2)]);
        Write("train_y.bin", [10, 1]);
        Write("unlabeled_X.bin", [.. Columns(3), .. Columns(4), .. Columns(5)]);
        Write("test_X.bin", Columns(6));
        Write("test_y.bin", [5]);

        void Write(string name, byte[] bytes) => File.WriteAllBytes(_folder[$"{folder}/{name}"], bytes);
    }

    /// <summary>The image as the file has it: planes of columns.</summary>
    private static byte[] Columns(int mark) => [.. Enumerable.Range(0, 3 * Plane).Select(at => Value(mark, at / Plane, row: at % Side, column: at % Plane / Side))];

    /// <summary>The image as a set has it: planes of rows.</summary>
    private static byte[] Rows(int mark) => [.. Enumerable.Range(0, 3 * Plane).Select(at => Value(mark, at / Plane, row: at % Plane / Side, column: at % Side))];

    /// <summary>A value of its own for nearly each place, in no order.</summary>
    private static byte Value(int mark, int plane, int row, int column) => (byte)((((((mark * 3) + plane) * Side) + row) * Side + column) * 2654435761L >> 13);

    private static NUnit.Framework.Constraints.ContainsConstraint Refused(string says) =>
        Throws.TypeOf<DataException>().With.Message.Not.Contains("\n").And.Message.Contains(says);
}
