namespace ErLoss.Benchmarks;

/// <summary>What a machine and its network can do, in the model of <see cref="StepCost"/>.</summary>
/// <param name="Flops">Floating-point operations per second of a rank in matrix products.</param>
/// <param name="Bandwidth">Bytes per second that a rank sends and receives.</param>
/// <param name="Latency">Seconds of a message that has no bytes.</param>
internal readonly record struct ClusterSpeed(double Flops, double Bandwidth, double Latency)
{
    /// <summary>The time of a gather of so many bytes in all: each rank receives the others' parts, in a ring or by doubling.</summary>
    public double AllGather(double bytes, int ranks) => Rounds(ranks) * Latency + bytes * (ranks - 1) / ranks / Bandwidth;

    /// <summary>The time of a reduction of so many bytes: a reduction of parts, and a gather of them.</summary>
    public double AllReduce(double bytes, int ranks) => 2 * AllGather(bytes, ranks);

    /// <summary>Messages after each other until all ranks know of each, ⌈log₂ ranks⌉.</summary>
    private static double Rounds(int ranks) => Math.Ceiling(Math.Log2(ranks));
}
