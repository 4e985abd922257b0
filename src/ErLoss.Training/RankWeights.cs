using ErLoss.Modules.Distributed;
using ErLoss.Training.Distributed;
using ErLoss.Training.Methods;

namespace ErLoss.Training;

/// <summary>The weights of a run on each of its ranks.</summary>
internal static class RankWeights
{
    /// <summary>Refuses to go on where ranks have come to other weights than each other, which they never do unless a machine, a driver or a program is at fault.</summary>
    /// <param name="group">The ranks; nothing is compared in one process.</param>
    /// <param name="method">This rank's.</param>
    /// <param name="stepsDone">Steps that all have taken.</param>
    /// <exception cref="TrainingFailedException">They have; every rank gets the same message.</exception>
    public static void RequireSame(ProcessGroup? group, TwoViewMethod method, long stepsDone)
    {
        if (group is null)
        {
            return;
        }
        RankComparison.Require(group, WeightChecksum.Of(method), (odd, others) => new TrainingFailedException($"The weights of {odd.Ranks} differ from those of {others.Ranks} " + (stepsDone == 0
            ? "before the first step; give all ranks the same file of weights."
            : $"after step {stepsDone}, although all have taken the same steps. Ranks must be on machines of one kind, with the same number of threads each.")));
    }
}
