using System.Diagnostics;
using ErLoss.Training.Compute;
using ErTraining.Tests.Commands;

namespace ErTraining.Tests.Compute;

/// <summary>What reaches the libraries that libtorch brings: GNU's OpenMP says so itself where OMP_DISPLAY_ENV asks it to.</summary>
[Platform("Linux")]
[Parallelizable] // with other fixtures whose work is done by processes of their own
internal sealed class NativeDefaultsTests
{
    [Test]
    public void Threads_that_wait_sleep_soon_and_freed_memory_is_kept_and_info_says_so_and_what_would_run_where()
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(Info([]));
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
            Assert.That(outcome.Output, Does.Match(@"TorchSharp\s+0\.107\.0").And.Match(@"libtorch\s+2\.10\.0"));
            Assert.That(outcome.Output, Does.Match(@"loaded from\s+\S*torch_cpu").And.Match(@"resnet18\s+cifar stem at 32x32: features").And.Match(@"resnet18\s+imagenet stem at 64x64: features").And.Match(@"kernels\s+Fused, Composed, Attention"));
            Assert.That(outcome.Output, Does.Match(@"MPI\s+(Open MPI|MPICH|Intel|No MPI library was found)").And.Match(@"ranks\s+1: neither"));
            Assert.That(outcome.Output, Does.Match(CLibrary.IsGlibc ? @"freed memory\s+kept for the next tensors" : @"freed memory\s+as the system"));
            Assert.That(outcome.Error, Does.Contain($"GOMP_SPINCOUNT = '{WaitingThreads.Spins}'"));
            Assert.That(outcome.Output, Does.Match($@"waiting threads\s+spin {WaitingThreads.Spins:n0} times"));
        });
    }

    [TestCase("GOMP_SPINCOUNT", "7", "GOMP_SPINCOUNT = '7'", "MALLOC_TRIM_THRESHOLD_", "131072")]
    [TestCase("OMP_WAIT_POLICY", "passive", "GOMP_SPINCOUNT = '0'", "GLIBC_TUNABLES", "glibc.malloc.top_pad=131072")]
    public void What_the_user_set_stands(string variable, string value, string effect, string memoryVariable, string memoryValue)
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunInfoUpToEncoders(Info([(variable, value), (memoryVariable, memoryValue)]));
        Assert.Multiple(() =>
        {
            Assert.That(outcome.Error, Does.Contain(effect));
            Assert.That(outcome.Output, Does.Match($@"waiting threads\s+as the environment variable {variable} says"));
            Assert.That(outcome.Output, Does.Match(CLibrary.IsGlibc ? $@"freed memory\s+as the environment variable {memoryVariable} says" : @"freed memory\s+as the system"));
        });
    }

    /// <summary>What starts <c>info</c> where nothing but the given variables of these is set.</summary>
    private static ProcessStartInfo Info(IEnumerable<(string Name, string Value)> variables)
    {
        ProcessStartInfo start = ProgramUnderTest.StartInfo(AppContext.BaseDirectory, "info");
        foreach (string name in (string[])
            ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "MALLOC_MMAP_MAX_", "GLIBC_TUNABLES"])
        {
            start.Environment[name] = null;
        }
        start.Environment["OMP_DISPLAY_ENV"] = "verbose";
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }
        return start;
    }
}
