using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>The kernel entropy of a batch alone, all of whose rows count once.</summary>
internal static class Kernels
{
    public static KernelEstimates Fused(Tensor rows, KernelSettings settings) => FusedKernelEntropy.Relative(rows, null, WeightsOf(rows, settings), settings);

    public static KernelEstimates Composed(Tensor rows, KernelSettings settings) =>
        KernelEntropy.Relative(rows, null, WeightsOf(rows, settings), settings with { Evaluation = KernelEvaluation.Composed });

    public static KernelWeights WeightsOf(Tensor rows, KernelSettings settings) => KernelWeights.Of(rows.shape[0], rows.device, null, null, null, settings.LeaveOneOut);
}
