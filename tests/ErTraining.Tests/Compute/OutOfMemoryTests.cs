using System.Diagnostics;
using System.Runtime.InteropServices;
using ErLoss.Training.Compute;
using ErTraining.Commands;
using ErTraining.Tests.Commands;
using TorchSharp;

#pragma warning disable CA2201 // these are the exceptions that TorchSharp and .NET throw

namespace ErTraining.Tests.Compute;

internal sealed class OutOfMemoryTests
{
    private const string Cuda =
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 3 has a total capacity of 79.11 GiB of which 1.31 GiB is free. Process 7 has 77.80 GiB memory "
        + "in use. Of the allocated memory 70.00 GiB is allocated by PyTorch, and 7.00 GiB is reserved by PyTorch but unallocated.";

    private const string Frames = "\nException raised from malloc (most recent call first):\nframe #0: c10::Error::Error(...) + 0xb0";

    private static IEnumerable<TestCaseData> Shortages =>
    [
        new(new ExternalException(Cuda + Frames), "out of memory: 2.00 GiB were asked for on GPU 3, which has 1.31 GiB free of 79.11 GiB"),
        new(new ExternalException("CUDA out of memory. Tried to allocate 20.00 MiB." + Frames), "out of memory: 20.00 MiB were asked for on the GPU"),
        new(
            new ExternalException(
                "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 4294967296 bytes. Error code 12 (Cannot allocate memory)" + Frames),
            "out of memory: 4.00 GiB were asked for, and 512.00 MiB are free"),
        new(
            new ExternalException("[enforce fail at alloc_cpu.cpp:76] data. DefaultCPUAllocator: not enough memory: you tried to allocate 1048576 bytes." + Frames),
            "out of memory: 1.00 MiB were asked for, and 512.00 MiB are free"),
        new(new ExternalException("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`" + Frames), "out of memory on the GPU"),
        new(new ExternalException("CUDA error: out of memory" + Frames), "out of memory on the GPU"),
        new(new OutOfMemoryException("Array dimensions exceeded supported range."), "out of memory"),
    ];

    [TestCaseSource(nameof(Shortages))]
    public void What_torch_says_of_it_becomes_a_clause(Exception exception, string clause) => Assert.Multiple(() =>
    {
        Assert.That(OutOfMemory.Is(exception));
        Assert.That(OutOfMemory.Describe(exception, 512 << 20), Is.EqualTo(clause));
    });

    [Test]
    public void Other_faults_are_left_alone()
    {
        var other = new ExternalException("mat1 and mat2 shapes cannot be multiplied\nframe #1: out of memory");
        Assert.That(() => OutOfMemory.InOneLine(() => throw other, "less"), Throws.Exception.SameAs(other));
        Assert.That(OutOfMemory.Is(new InvalidOperationException("out of memory")), Is.False);
    }

    [Test]
    public void The_line_ends_with_what_wants_less() => Assert.That(
        () => OutOfMemory.InOneLine(() => throw new ExternalException(Cuda + Frames), "a smaller --batch-size needs less memory"),
        Throws.TypeOf<InsufficientMemoryException>().With.Message.EqualTo(
            "out of memory: 2.00 GiB were asked for on GPU 3, which has 1.31 GiB free of 79.11 GiB; a smaller --batch-size needs less memory."));

    [Test]
    public void An_error_that_a_lack_of_memory_explains_is_a_line_on_that()
    {
        var error = new TypeInitializationException("Any", new System.ComponentModel.Win32Exception(12, "Cannot allocate memory"));
        Assert.Multiple(() =>
        {
            Assert.That(OutOfMemory.Starved(error, 1 << 20), Does.StartWith("out of memory: 1.00 MiB are free").And.Contain("ulimit -v").And.EndWith("Cannot allocate memory"));
            Assert.That(OutOfMemory.Starved(error, 1L << 33), Is.Null, "with memory left it is what it says");
            Assert.That(OutOfMemory.Starved(error, null), Is.Null);
            Assert.That(OutOfMemory.Starved(new InvalidOperationException("a fault"), 1 << 20), Is.Null);
            Assert.That(OutOfMemory.Starved(new InsufficientMemoryException("already a line"), 1 << 20), Is.Null);
        });
    }

    [Test]
    public void Torch_itself_says_it_so()
    {
        var exception = Assert.Throws<ExternalException>(() => torch.empty(1L << 50, dtype: torch.ScalarType.Byte))!;
        Assert.That(OutOfMemory.Is(exception), exception.Message);
        Assert.That(OutOfMemory.Describe(exception, null), Is.EqualTo("out of memory: 1048576.00 GiB were asked for"));
    }

    [Test]
    public void Some_memory_is_free_and_not_more_than_there_is() =>
        Assert.That(HostMemory.Free(), Is.GreaterThan(1 << 20).And.LessThan(1L << 50));

    [Test]
    [Platform("Linux", Reason = "The shell limits address space there.")]
    public void A_run_that_has_too_little_says_so_in_a_line_and_ends_with_1()
    {
        using var folder = new TemporaryDirectory();
        const long MostKibibytes = 5_000_000;
        string program = $"ulimit -v {MostKibibytes}; exec dotnet '{typeof(TrainCommand).Assembly.Location}' train --train-images 4096 --test-images 50 --batch-size 4096 --epochs 1 --threads 1";
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(new ProcessStartInfo("bash", ["-c", program])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_GCHeapHardLimit"] = "0x10000000" }, // it reserves address space for all that it may ever take
        });
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(1), outcome.Error);
            Assert.That(
                outcome.Error.TrimEnd('\n'),
                Does.Match(@"^error: out of memory: \d+\.\d\d [MG]iB were asked for, and \d+\.\d\d [MG]iB are free; a smaller --batch-size needs less memory\.$"));
            Assert.That(outcome.Output, Does.Contain("kNN accuracy of the untrained encoder"), "it has enough for all that is not the batch");
        });
    }
}
