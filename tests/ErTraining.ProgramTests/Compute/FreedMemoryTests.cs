using System.Diagnostics;
using System.Globalization;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErTraining.Tests.Commands;

namespace ErTraining.Tests.Compute;

/// <summary>Whether freed memory is used again shows in the page faults of a process: the system hands each page out only once.</summary>
[Platform("Linux")]
[Parallelizable] // with other fixtures whose work is done by processes of their own
internal sealed class FreedMemoryTests
{
    [Test]
    public void Training_uses_the_memory_of_one_step_in_the_next()
    {
        Assume.That(CLibrary.IsGlibc, "another C library");
        long kept = FaultsOfTraining(("MALLOC_MMAP_THRESHOLD_", null)), givenBack = FaultsOfTraining(("MALLOC_MMAP_THRESHOLD_", "131072"));
        Assert.That(kept, Is.InRange(1, givenBack / 3));
    }

    private static long FaultsOfTraining((string Name, string? Value) variable)
    {
        using var folder = new TemporaryDirectory();
        CifarWriter.Write(SyntheticImages.Create(640, 20, seed: 0), folder["images"]);
        ProcessStartInfo start = ProgramUnderTest.StartInfo(
            folder.Path, "train", "--data", "images", "--batch-size", "128", "--epochs", "1", "--evaluations", "1", "--threads", "1");
        foreach (string name in (string[])["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "MALLOC_MMAP_MAX_", "GLIBC_TUNABLES"])
        {
            start.Environment[name] = null;
        }
        start.Environment[variable.Name] = variable.Value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        long faults = 0;
        while (!process.WaitForExit(TimeSpan.FromMilliseconds(20)))
        {
            faults = Math.Max(faults, Faults(process.Id));
        }
        Assert.That(process.ExitCode, Is.Zero, error.Result);
        return faults;
    }

    /// <summary>Minor page faults of a process so far; 0 where it is over.</summary>
    private static long Faults(int process)
    {
        const int Place = 7; // of minflt among the words after the name in brackets (proc_pid_stat(5))
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[Place], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
