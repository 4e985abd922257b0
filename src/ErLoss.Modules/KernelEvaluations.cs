using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Which evaluations of kernels there are here.</summary>
public static class KernelEvaluations
{
    /// <summary>
    /// The evaluations that the loaded libtorch offers for projections of a type on a device. Tiles and the composed form are everywhere; attention is where libtorch has a kernel for it that
    /// the device runs, which is tried once.
    /// </summary>
    /// <param name="device">Of the projections.</param>
    /// <param name="dtype">Of the projections.</param>
    public static IReadOnlyList<KernelEvaluation> On(Device device, ScalarType dtype = ScalarType.Float32)
    {
        ArgumentNullException.ThrowIfNull(device);
        // The narrowest rows: others have a kernel as well.
        bool attends = new Attention(device, dtype).Serves(columns: 2);
        return attends ? [KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention] : [KernelEvaluation.Fused, KernelEvaluation.Composed];
    }
}
