using System.Diagnostics;
using ErLoss.Modules.Distributed;

namespace ErLoss.Modules.Tests.Distributed;

/// <summary>Processes that mpirun starts, under each implementation that is installed.</summary>
internal sealed class MpiTests
{
    private const string OpenMpi = "mpirun.openmpi", Mpich = "mpirun.mpich";

    [TestCase(OpenMpi, "Open MPI")]
    [TestCase(Mpich, "MPICH")]
    public void Three_processes_compute_what_one_does(string launcher, string library)
    {
        (int code, string output) = Start(launcher, 3, MpiCheck.Check);
        for (int rank = 0; rank < 3; rank++)
        {
            Assert.That(output, Does.Match($"rank {rank} of 3: {library}.*: all is right"));
        }
        Assert.That(code, Is.Zero);
    }

    /// <summary>The other rank waits for it in a collective, and would do so without end.</summary>
    [TestCase(OpenMpi, MpiCheck.Exit)]
    [TestCase(Mpich, MpiCheck.Throw)]
    public void A_rank_that_ends_early_ends_the_job(string launcher, string how)
    {
        (int code, string output) = Start(launcher, 2, how);
        Assert.That(code, Is.Not.Zero, output);
        Assert.That(output, Does.Not.Contain("all is right"));
    }

    [Test]
    public void A_library_of_another_launcher_is_an_error()
    {
        (int code, string output) = Start(Mpich, 2, MpiCheck.Check, library: "libmpi.so.40");
        Assert.That(code, Is.EqualTo(2), output);
        Assert.That(output, Does.Contain("The mpirun of MPICH (or one like it) has started 2 processes, but Open MPI").And.Contain("(libmpich.so.12)").And.Contain("MPI has ended in this process, and no process can start it twice."));
    }

    [Test]
    public void Libraries_that_are_missing_or_no_MPI_are_named()
    {
        Assert.That(() => MpiProcessGroup.Describe("libnothing.so.7"), Throws.InvalidOperationException.With.Message.StartsWith("The MPI library libnothing.so.7 cannot be loaded."));
        if (OperatingSystem.IsLinux())
        {
            Assert.That(() => MpiProcessGroup.Describe("libnothing.so.7"), Throws.InvalidOperationException.With.Message.Contains("The system says: libnothing.so.7: cannot open shared object file"));
            Assert.That(() => MpiProcessGroup.Describe("libc.so.6"), Throws.InvalidOperationException.With.Message.StartsWith("The library libc.so.6 is no MPI library"));
        }
    }

    [Test]
    public void Without_a_launcher_none_is_recognised() => Assert.That((MpiProcessGroup.LaunchedRank, MpiProcessGroup.LaunchedSize), Is.EqualTo(((int?)null, (int?)null)));

    /// <summary>The launcher's exit code, and what it and the ranks printed.</summary>
    private static (int Code, string Output) Start(string launcher, int ranks, string what, string? library = null)
    {
        string package = launcher == OpenMpi ? "openmpi-bin" : "mpich";
        string[] places = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, launcher)).Where(File.Exists)];
        if (places.Length == 0)
        {
            Assert.Ignore($"There is no {launcher}; on Debian and Ubuntu the package {package} has it.");
        }
        string[] ofRoot = launcher == OpenMpi ? ["--allow-run-as-root", "--oversubscribe"] : [];
        var start = new ProcessStartInfo(places[0], [.. ofRoot, "-n", $"{ranks}", Environment.ProcessPath!]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[MpiCheck.Variable] = what;
        start.Environment[MpiProcessGroup.LibraryVariable] = library ?? "";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("The ranks wait for each other without end.");
        }
        return (process.ExitCode, process.ExitCode == 0 ? output.Result : output.Result + errors.Result);
    }
}
