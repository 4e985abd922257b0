using System.Diagnostics;

namespace ErTraining.Tests.Commands;

/// <summary>The program in shells that give it less than usual.</summary>
[Parallelizable] // with other fixtures whose work is done by processes of their own
[Platform("Linux", Reason = "The shell limits and closes what it gives there.")]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RestrictedShellTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void With_standard_output_closed_it_does_its_work_in_silence()
    {
        ProgramUnderTest.Outcome outcome = InShell("exec \"$@\" >&-", "synthesize", "--output", "images", "--images", "5");
        Assert.Multiple(() =>
        {
            Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
            Assert.That(File.Exists(_folder["images/test_batch.bin"]));
        });
    }

    [Test]
    public void What_is_made_for_standard_output_alone_must_arrive_there()
    {
        ProgramUnderTest.Outcome outcome = InShell("\"$@\" train --print-schema > /dev/full; echo $?; \"$@\" --version >&-; echo $?");
        Assert.Multiple(() =>
        {
            Assert.That(outcome.Output, Is.EqualTo("1\n1\n"));
            Assert.That(
                outcome.Error,
                Does.Match(@"^error: Standard output cannot be written to \(No space left on device.*\); give it a place that can\.\nerror: Standard output cannot be written to \(it is closed\); .*\n$"));
        });
    }

    [Test]
    public void Where_libtorch_does_not_load_it_says_why()
    {
        ProgramUnderTest.Outcome outcome = InShell("ulimit -v 2000000; exec \"$@\"", "info");
        Assert.That(outcome.ExitCode, Is.EqualTo(2), outcome.Error);
        Assert.That(outcome.Error, Does.Match(@"^error: libtorch does not load: .*libtorch_cpu\.so: failed to map segment .* limited \(ulimit -v\); libtorch needs about 4 GiB of it\.\n$"));
    }

    private ProgramUnderTest.Outcome InShell(string command, params string[] arguments)
    {
        ProcessStartInfo start = ProgramUnderTest.StartInfo(_folder.Path, arguments);
        string[] program = [start.FileName, .. start.ArgumentList];
        start.FileName = "bash";
        start.ArgumentList.Clear();
        foreach (string word in (string[])["-c", command, "shell", .. program])
        {
            start.ArgumentList.Add(word);
        }
        return ProgramUnderTest.Run(start);
    }
}
