using ErLoss.Training;
using ErLoss.Training.Methods;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>No training step has the host wait for the GPU.</summary>
internal static class StepWaitChecks
{
    private const int BatchSize = 600; // the fused form's
    private const int Queue = 4096;

    /// <summary>All of them.</summary>
    public static IEnumerable<Check> All { get; } =
    [
        .. from method in Registry.Default.Methods.Values
           from objective in Enum.GetValues<Objective>()
           select new Check($"no waiting in a step, {method.Title}, {objective}", device => NoWaiting(new RunSettings { Method = method with { Objective = objective }, BatchSize = BatchSize }, device), NeedsCuda: true),
        new Check("no waiting in a step, learnt κ", device => NoWaiting(new RunSettings { Method = new SimClrSettings { LearnKappa = true }, BatchSize = BatchSize }, device), NeedsCuda: true),
        .. from method in (MethodSettings[])[new SimClrSettings { Loss = new() { Queue = Queue } }, new ByolSettings { Loss = new() { Queue = Queue } }]
           select new Check($"no waiting in a step, {method.Title}, queue", device => NoWaiting(new RunSettings { Method = method, BatchSize = BatchSize }, device), NeedsCuda: true),
        new Check("no waiting in a step, small crops", device => NoWaiting(new RunSettings { Method = new DinoSettings { Crops = new() { SmallCrops = 2 } }, BatchSize = BatchSize }, device), NeedsCuda: true),
    ];

    private static IEnumerable<Finding> NoWaiting(RunSettings settings, Device device)
    {
        using var workload = new StepWorkload(settings, device);
        yield return Finding.That("the step returns first", !GpuWait.HappensIn(device, workload.Step));
    }
}
