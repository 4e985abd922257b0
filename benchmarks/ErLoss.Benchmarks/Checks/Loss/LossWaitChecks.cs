using ErLoss.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>The loss does not have the host wait for the GPU: when it returns, work that was given to the GPU before is still not done.</summary>
internal static class LossWaitChecks
{
    private const int Rows = 4096, Columns = 64;

    /// <summary>All of them.</summary>
    public static IEnumerable<Check> All { get; } =
    [
        new Check("a wait would be seen", AWaitIsSeen, NeedsCuda: true),
        .. from options in Settings() select new Check($"no waiting, {LossChecks.Describe(options)}", device => NoWaiting(options, device), NeedsCuda: true),
    ];

    private static IEnumerable<EntropyReconstructionOptions> Settings() =>
    [
        .. from estimator in Enum.GetValues<EntropyEstimator>()
           from kappa in (double[])[10, 100]
           from leaveOneOut in (bool[])[false, true]
           from learnKappa in leaveOneOut ? (bool[])[false] : [false, true]
           select new EntropyReconstructionOptions
           {
               Kappa = kappa,
               LearnKappa = learnKappa,
               Estimator = estimator,
               LeaveOneOut = leaveOneOut,
               Evaluation = KernelEvaluation.Fused,
           },
        .. from estimator in Enum.GetValues<EntropyEstimator>()
           select new EntropyReconstructionOptions { Support = Support.Discrete, Estimator = estimator },
    ];

    private static IEnumerable<Finding> AWaitIsSeen(Device device)
    {
        Tensor rows = randn(16, 16, device: device);
        yield return Finding.That("reading a value waits", GpuWait.HappensIn(device, () => rows.sum().ToDouble()));
    }

    private static IEnumerable<Finding> NoWaiting(EntropyReconstructionOptions options, Device device)
    {
        using var loss = new EntropyReconstructionLoss(options);
        loss.to(device);
        Tensor first = randn(Rows, Columns, device: device).requires_grad_(), second = randn(Rows, Columns, device: device).requires_grad_();
        yield return Finding.That("loss and gradients return first", !GpuWait.HappensIn(device, () => loss.call(first, second).backward()));
        yield return Finding.That("the terms and their gradients return first", !GpuWait.HappensIn(device, () => loss.terms(first, second).Entropy.backward()));
    }
}
