using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class CifarReaderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Test]
    public void Cifar10_is_read_in_the_order_of_its_batches()
    {
        WriteRecords("data_batch_2.bin", [7], [1]);
        WriteRecords("data_batch_1.bin", [3], [9]);
        WriteRecords("test_batch.bin", [0]);

        var data = CifarReader.Read(_directory.Path);

        Assert.Multiple(() =>
        {
            Assert.That(data.Name, Is.EqualTo("CIFAR-10"));
            Assert.That(data.Train.Labels, Is.EqualTo([3, 9, 7, 1]));
            Assert.That(data.Train.Pixels, Is.EqualTo([.. Image(3), .. Image(9), .. Image(7), .. Image(1)]));
            Assert.That(data.Test.Labels, Is.EqualTo([0]));
            Assert.That(data.Test.Pixels, Is.EqualTo(Image(0)));
            Assert.That(data.Train.ClassNames, Has.Count.EqualTo(10).And.Contains("automobile"));
        });
    }

    [Test]
    public void The_folder_that_holds_the_unpacked_one_will_do()
    {
        CifarWriter.Write(SyntheticImages.Create(20, 10, seed: 0), Directory.CreateDirectory(_directory["cifar-10-batches-bin"]).FullName);
        Directory.CreateDirectory(_directory["cifar-10-batches-py"]);
        Assert.That(DataSource.Load(new() { Source = _directory.Path }, seed: 0).Train.Count, Is.EqualTo(20));
        Directory.CreateDirectory(_directory["cifar-100-binary"]);
        File.WriteAllBytes(_directory["cifar-100-binary/train.bin"], []);
        Assert.That(
            () => DataSource.Load(new() { Source = _directory.Path }, seed: 0),
            Throws.TypeOf<DataException>().With.Message.Contains("CIFAR-10 and CIFAR-100 are here; wanted one of them, "));
    }

    [Test]
    public void Any_training_batch_will_do()
    {
        WriteRecords("data_batch_4.bin", [5]);
        WriteRecords("test_batch.bin", [6]);

        Assert.That(CifarReader.Read(_directory.Path).Train.Labels, Is.EqualTo([5]));
    }

    [Test]
    public void Cifar100_is_read_with_its_fine_labels()
    {
        WriteRecords("train.bin", [19, 99], [0, 42]);
        WriteRecords("test.bin", [4, 7]);

        var data = CifarReader.Read(_directory.Path);

        Assert.Multiple(() =>
        {
            Assert.That(data.Name, Is.EqualTo("CIFAR-100"));
            Assert.That(data.Train.Labels, Is.EqualTo([99, 42]));
            Assert.That(data.Train.Pixels, Is.EqualTo([.. Image(99), .. Image(42)]));
            Assert.That(data.Test.Labels, Is.EqualTo([7]));
            Assert.That(data.Test.ClassNames, Has.Count.EqualTo(100).And.Contains("class 42"));
        });
    }

    [Test]
    public void Class_names_come_from_their_file()
    {
        WriteSmallCifar10();
        Write("batches.meta.txt", "a\r\n b \n\nc\nd\ne\nf\ng\nh\ni\nj\n\n");

        Assert.That(CifarReader.Read(_directory.Path).Test.ClassNames, Is.EqualTo(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]));
    }

    [TestCase("a\nb\n", "2 class names")]
    [TestCase("", "0 class names")]
    public void Class_names_of_another_number_are_refused(string names, string expected)
    {
        WriteSmallCifar10();
        Write("batches.meta.txt", names);

        AssertRefused("batches.meta.txt", expected, "10");
    }

    [Test]
    public void A_names_file_too_long_for_names_is_refused()
    {
        WriteSmallCifar10();
        Write("batches.meta.txt", new string('a', 1 << 17));

        AssertRefused("batches.meta.txt", "131072 bytes");
    }

    [Test]
    public void A_missing_directory_is_refused()
    {
        Directory.Delete(_directory.Path);

        AssertRefused(_directory.Path, "no such directory");
        Directory.CreateDirectory(_directory.Path);
    }

    [Test]
    public void A_directory_of_other_files_is_refused()
    {
        Write("readme.txt", "nothing here");

        AssertRefused(_directory.Path, "no CIFAR files", "data_batch_1.bin", "train.bin");
        Assert.That(CifarReader.Recognizes(_directory.Path), Is.False);
    }

    [Test]
    public void Two_data_sets_in_one_directory_are_refused()
    {
        WriteSmallCifar10();
        WriteRecords("train.bin", [0, 0]);

        AssertRefused(_directory.Path, "of CIFAR-10 and of CIFAR-100");
    }

    [TestCase("data_batch_1.bin", "no test images", "test_batch.bin")]
    [TestCase("test_batch.bin", "no training images", "data_batch_1.bin")]
    [TestCase("train.bin", "no test images", "test.bin")]
    [TestCase("test.bin", "no training images", "train.bin")]
    public void A_missing_split_is_refused(string onlyFile, string expected, string wanted)
    {
        WriteRecords(onlyFile, onlyFile.Contains("batch", StringComparison.Ordinal) ? [0] : [0, 0]);

        AssertRefused(_directory.Path, expected, wanted);
        Assert.That(CifarReader.Recognizes(_directory.Path));
    }

    [Test]
    public void An_empty_file_is_refused()
    {
        WriteSmallCifar10();
        Write("data_batch_3.bin", "");

        AssertRefused("data_batch_3.bin", "empty", "3073");
    }

    [TestCase(3072, "3072 bytes are 0 records of 3073 bytes with 3072 left over")]
    [TestCase(6147, "6147 bytes are 2 records of 3073 bytes with 1 left over")]
    public void A_file_of_broken_records_is_refused(int length, string expected)
    {
        WriteSmallCifar10();
        File.WriteAllBytes(_directory["test_batch.bin"], new byte[length]);

        AssertRefused("test_batch.bin", expected);
    }

    [Test]
    public void A_label_out_of_range_is_refused()
    {
        WriteSmallCifar10();
        WriteRecords("data_batch_2.bin", [9], [0], [10]);

        AssertRefused("data_batch_2.bin", "record 3 has label 10", "0 to 9");
    }

    [Test]
    public void A_fine_label_out_of_range_is_refused()
    {
        WriteRecords("train.bin", [0, 100]);
        WriteRecords("test.bin", [0, 0]);

        AssertRefused("train.bin", "record 1 has label 100", "0 to 99");
    }

    [Test]
    public void A_file_over_2_GiB_is_refused()
    {
        WriteSmallCifar10();
        using (var sparse = File.Create(_directory["data_batch_1.bin"]))
        {
            sparse.SetLength(3073L * 700_000);
        }

        AssertRefused("data_batch_1.bin", "2 GiB");
    }

    [Test]
    public void A_file_in_use_is_refused()
    {
        WriteSmallCifar10();
        using var locked = new FileStream(_directory["data_batch_1.bin"], FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        AssertRefused("data_batch_1.bin", "cannot be read");
    }

    private void AssertRefused(string file, params string[] parts)
    {
        var message = Assert.Throws<DataException>(() => CifarReader.Read(_directory.Path))!.Message;
        Assert.Multiple(() =>
        {
            Assert.That(message, Does.Contain(file));
            Assert.That(message, Does.Not.Contain('\n').And.Not.Contain('\r'));
            foreach (var part in parts)
            {
                Assert.That(message, Does.Contain(part));
            }
        });
    }

    private void WriteSmallCifar10()
    {
        WriteRecords("data_batch_1.bin", [0]);
        WriteRecords("test_batch.bin", [1]);
    }

    private void Write(string name, string text) => File.WriteAllText(_directory[name], text);

    /// <summary>Records of the given labels; the last of each tells which image follows.</summary>
    private void WriteRecords(string name, params byte[][] labels) =>
        File.WriteAllBytes(_directory[name], [.. labels.SelectMany(label => label.Concat(Image(label[^1])))]);

    private static byte[] Image(int seed)
    {
        var image = new byte[3072];
        new Random(seed).NextBytes(image);
        return image;
    }
}
