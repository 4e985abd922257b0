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
    [Platform(Exclude = "Win", Reason = "Links need a privilege there.")]
    public void A_link_stays_and_the_file_it_leads_to_is_written_there_or_not()
    {
        Directory.CreateDirectory(_directory["deep/folder"]);
        Directory.CreateSymbolicLink(_directory["near"], _directory["deep/folder"]);
        File.CreateSymbolicLink(_directory["to-old"], "file");
        File.CreateSymbolicLink(_directory["near/to-new"], "../new"); // which is deep/new, whatever way led there
        File.CreateSymbolicLink(_directory["circle"], "circle");
        AtomicFile.Write(_directory["to-old"], stream => stream.Write("1"u8));
        AtomicFile.Write(_directory["near/to-new"], stream => stream.Write("2"u8));
        Assert.Multiple(() =>
        {
            Assert.That(new FileInfo(_directory["to-old"]).LinkTarget, Is.EqualTo("file"));
            Assert.That(new FileInfo(_directory["near/to-new"]).LinkTarget, Is.EqualTo("../new"));
            Assert.That(File.ReadAllText(FilePath), Is.EqualTo("1"));
            Assert.That(File.ReadAllText(_directory["deep/new"]), Is.EqualTo("2"));
            Assert.That(() => AtomicFile.Write(_directory["circle"], _ => { }), Throws.InstanceOf<IOException>());
        });
    }

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
