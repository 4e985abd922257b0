namespace ErLoss.Benchmarks;

/// <summary>What one round measured of a case.</summary>
/// <param name="Seconds">Of a step or of the loss, on the slowest rank.</param>
/// <param name="Collectives">How many there were in it.</param>
/// <param name="Bytes">The size of the tensors that came of them.</param>
/// <param name="CollectiveSeconds">Time in them, the mean of the ranks.</param>
/// <param name="LeastCollectiveSeconds">Time in them of the rank that had the least.</param>
/// <param name="ExchangeSeconds">Time in them, the mean of the ranks, where ranks met before each.</param>
internal readonly record struct ScalingSample(double Seconds, double Collectives, double Bytes, double CollectiveSeconds, double LeastCollectiveSeconds, double ExchangeSeconds)
{
    /// <summary>What the ranks' answers say.</summary>
    /// <param name="replies">Of a measurement.</param>
    /// <param name="met">Of another one in which ranks met before each collective; empty for one rank.</param>
    /// <param name="repetitions">Of both.</param>
    public static ScalingSample Of(IReadOnlyList<ScalingReply> replies, IReadOnlyList<ScalingReply> met, int repetitions)
    {
        ScalingReply first = replies[0];
        return new ScalingSample(
            replies.Max(reply => reply.Seconds),
            (double)first.Collectives.Calls / repetitions,
            (double)first.Collectives.Bytes / repetitions,
            replies.Average(reply => reply.Collectives.Seconds) / repetitions,
            replies.Min(reply => reply.Collectives.Seconds) / repetitions,
            met.Count == 0 ? 0 : met.Average(reply => reply.Collectives.Seconds) / repetitions);
    }
}
