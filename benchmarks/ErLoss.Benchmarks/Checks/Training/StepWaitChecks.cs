using ErTraining.Methods;
using ErTraining.Training;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>No training step has the host wait for the GPU.</summary>
internal static class StepWaitChecks
{
    private const int BatchSize = 600; // the fused form's

    /// <summary>All of them.</summary>
    public static IEnumerable<Check> All { get; } =
    [
        .. from name in MethodCatalog.Names
           from objective in Enum.GetValues<Objective>()
           select new Check($"no waiting in a step, {name}, {objective}", device => NoWaiting(new TrainingSettings { Method = name, Objective = objective, BatchSize = BatchSize }, device), NeedsCuda: true),
        new Check("no waiting in a step, learnt κ", device => NoWaiting(new TrainingSettings { LearnKappa = true, BatchSize = BatchSize }, device), NeedsCuda: true),
    ];

    private static IEnumerable<Finding> NoWaiting(TrainingSettings settings, Device device)
    {
        using var workload = new StepWorkload(settings, device);
        yield return Finding.That("the step returns first", !GpuWait.HappensIn(device, workload.Step));
    }
}
