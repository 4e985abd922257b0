using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

internal sealed class DefaultParallelismTests
{
    private const long Gibibyte = 1L << 30;

    [TestCase(78, ExpectedResult = 3)]
    [TestCase(17, ExpectedResult = 2)]
    [TestCase(5, ExpectedResult = 1)]
    [TestCase(null, ExpectedResult = 3, Description = "the driver does not tell")]
    public int A_GPU_trains_three_where_its_memory_suffices(int? gibibytes) => DefaultParallelism.OnGpuWith(gibibytes * Gibibyte);

    [TestCase(8, null, 64, ExpectedResult = 8)]
    [TestCase(8, 2, 64, ExpectedResult = 4)]
    [TestCase(8, 16, 64, ExpectedResult = 1)]
    [TestCase(8, null, 13, ExpectedResult = 3, Description = "memory is short")]
    [TestCase(2, null, 2, ExpectedResult = 1, Description = "memory is very short")]
    [TestCase(256, null, 4096, ExpectedResult = 64)]
    public int A_CPU_trains_as_many_as_there_are_processors_for_their_threads(int processors, int? threads, int gibibytes) =>
        DefaultParallelism.OnCpu(processors, threads, gibibytes * Gibibyte);
}
