using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class CifarWriterTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Test]
    public void What_is_written_is_read_back()
    {
        var data = SyntheticImages.Create(30, 20, seed: 5);

        CifarWriter.Write(data, _directory["new"]);

        var read = CifarReader.Read(_directory["new"]);
        Assert.Multiple(() =>
        {
            Assert.That(read.Train.Pixels, Is.EqualTo(data.Train.Pixels));
            Assert.That(read.Train.Labels, Is.EqualTo(data.Train.Labels));
            Assert.That(read.Test.Pixels, Is.EqualTo(data.Test.Pixels));
            Assert.That(read.Test.Labels, Is.EqualTo(data.Test.Labels));
            Assert.That(read.Train.ClassNames, Is.EqualTo(data.Train.ClassNames));
            Assert.That(
                Directory.EnumerateFiles(_directory["new"]).Select(file => Path.GetFileName(file)),
                Is.EquivalentTo(["batches.meta.txt", "data_batch_1.bin", "test_batch.bin"]));
        });
    }

    [Test]
    public void Training_images_fill_one_file_after_another()
    {
        var data = Blank(train: 20_001, test: 1);

        CifarWriter.Write(data, _directory.Path);

        Assert.Multiple(() =>
        {
            Assert.That(new FileInfo(_directory["data_batch_1.bin"]).Length, Is.EqualTo(30_730_000));
            Assert.That(new FileInfo(_directory["data_batch_2.bin"]).Length, Is.EqualTo(30_730_000));
            Assert.That(new FileInfo(_directory["data_batch_3.bin"]).Length, Is.EqualTo(3_073));
            Assert.That(CifarReader.Read(_directory.Path).Train.Labels, Is.EqualTo(data.Train.Labels));
        });
    }

    [Test]
    public void A_smaller_set_replaces_a_larger_one()
    {
        CifarWriter.Write(Blank(train: 10_001, test: 1), _directory.Path);

        CifarWriter.Write(Blank(train: 10, test: 1), _directory.Path);

        Assert.That(CifarReader.Read(_directory.Path).Train.Count, Is.EqualTo(10));
    }

    [TestCase(50_001, 1, "50001 training images", "1 to 50000")]
    [TestCase(0, 1, "0 training images", "1 to 50000")]
    [TestCase(1, 10_001, "10001 test images", "1 to 10000")]
    public void What_CIFAR_cannot_hold_is_refused(int train, int test, string found, string wanted)
    {
        Assert.That(
            () => CifarWriter.Write(Blank(train, test), _directory["new"]),
            Throws.TypeOf<DataException>().With.Message.Contains(found).And.Message.Contains(wanted));
        Assert.That(Directory.Exists(_directory["new"]), Is.False);
    }

    [Test]
    public void Other_than_ten_classes_are_refused()
    {
        var images = new ImageSet(new byte[3072], [0], ["only"]);

        Assert.That(
            () => CifarWriter.Write(new ImageData("one", images, images), _directory.Path),
            Throws.TypeOf<DataException>().With.Message.Contains("1 training and 1 test classes"));
    }

    private static ImageData Blank(int train, int test)
    {
        return new ImageData("blank", Set(train), Set(test));

        static ImageSet Set(int count) =>
            new(new byte[count * CifarFormat.ImageBytes], [.. Enumerable.Range(0, count).Select(i => i % 10)], SyntheticImages.ClassNames);
    }
}
