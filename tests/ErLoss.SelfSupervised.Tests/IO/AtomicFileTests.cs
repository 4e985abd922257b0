using ErLoss.SelfSupervised.IO;

namespace ErLoss.SelfSupervised.Tests.IO;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public AtomicFileTests() => File.WriteAllText(FilePath, "old");

    private string FilePath => _directory["file"];

    public void Dispose() => _directory.Dispose();

    [Test]
    public void A_write_replaces_the_file_and_leaves_no_other()
    {
        File.WriteAllText(FilePath + ".tmp", "what a crash has left");

        AtomicFile.Write(FilePath, stream => stream.Write("new"u8));

        Assert.That(File.ReadAllText(FilePath), Is.EqualTo("new"));
        Assert.That(Directory.GetFiles(_directory.Path), Is.EqualTo([FilePath]));
    }

    [Test]
    public void The_old_file_stands_until_the_new_one_is_complete() =>
        AtomicFile.Write(FilePath, stream =>
        {
            stream.Write("new"u8);
            Assert.That(File.ReadAllText(FilePath), Is.EqualTo("old"));
        });

    [Test]
    public void A_failed_write_leaves_the_old_file_and_no_other()
    {
        Assert.That(
            () => AtomicFile.Write(FilePath, stream =>
            {
                stream.WriteByte(1);
                throw new IOException("disk full");
            }),
            Throws.TypeOf<IOException>());

        Assert.That(File.ReadAllText(FilePath), Is.EqualTo("old"));
        Assert.That(Directory.GetFiles(_directory.Path), Is.EqualTo([FilePath]));
    }
}
