using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Runs;

namespace ErTraining.Tests.Runs;

internal sealed class FolderLockTests
{
    [Test]
    public void Two_that_take_and_leave_a_folder_again_and_again_never_have_it_together()
    {
        using var folder = new TemporaryDirectory();
        int holders = 0, taken = 0, together = 0;
        Task[] tasks = [.. Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(TakeAndLeave, TaskCreationOptions.LongRunning))];
        Assert.That(() => Task.WaitAll(tasks), Throws.Nothing);
        Assert.Multiple(() =>
        {
            Assert.That(together, Is.Zero);
            Assert.That(taken, Is.Positive);
            Assert.That(Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories), Is.Empty, "each deletes its lock file, since no run has begun");
        });

        void TakeAndLeave()
        {
            for (int i = 0; i < 200; i++)
            {
                try
                {
                    using var writer = new RunWriter(folder["new/run"], TimeSpan.Zero, Registry.Default);
                    Interlocked.Increment(ref taken);
                    if (Interlocked.Increment(ref holders) > 1)
                    {
                        Interlocked.Increment(ref together);
                    }
                    Thread.Yield();
                    Interlocked.Decrement(ref holders);
                }
                catch (DataException e) when (e.Message.Contains("another process is at work here", StringComparison.Ordinal))
                {
                    // The other one has it.
                }
            }
        }
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "No file that is open is deleted there.")]
    public void Who_gets_hold_of_a_file_that_was_deleted_meanwhile_tries_again()
    {
        using var folder = new TemporaryDirectory();
        string path = folder[".lock"], deleted = folder["deleted"];
        FolderLock first = FolderLock.Take(path);
        using (var link = System.Diagnostics.Process.Start("ln", [path, deleted])) // another name of the same file
        {
            link.WaitForExit();
        }
        first.DisposeAndDelete();
        int opened = 0;
        using var second = FolderLock.Take(path, asked => FolderLock.Open(opened++ == 0 ? deleted : asked));
        Assert.That(opened, Is.EqualTo(2));
        Assert.That(() => FolderLock.Take(path), Throws.InstanceOf<IOException>(), "the file of that name is held");
    }

    [Test]
    public void A_file_that_was_marked_and_not_deleted_is_taken_all_the_same()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder[".lock"], "x"); // its process was killed between the two
        using var held = FolderLock.Take(folder[".lock"]);
        Assert.That(() => FolderLock.Take(folder[".lock"]), Throws.InstanceOf<IOException>().With.Matches<IOException>(e => FolderLock.SaysInUse(e!)));
    }
}
