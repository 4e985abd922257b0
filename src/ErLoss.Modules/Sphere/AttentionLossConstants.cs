using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The numbers that <see cref="AttentionLossScript"/> computes with, as one tensor: on the CPU where the host knows κ, which operations on another device take as numbers.</summary>
/// <remarks>
/// With n = V·k terms in the mean over views of Joe's estimate, or V of the plug-in estimate, the entropy's gradient is −(√κ/n)·P for what is gathered as P, and that of the reconstruction −(κ_R/k) times
/// the other view.
/// </remarks>
internal static class AttentionLossConstants
{
    /// <summary>
    /// κ, √κ, the other view's factor within P, the factor of P in the gradient, that of the other view in the gradient (of Σ z_i·z'_i in the value), that of Σ_i z_i·P_i in ∂H/∂κ, and κ + log 256.
    /// </summary>
    /// <param name="kernels">κ of the kernels.</param>
    /// <param name="decoder">κ of the reconstruction.</param>
    /// <param name="call">What is asked for.</param>
    /// <param name="dtype">Of the rows.</param>
    public static Tensor Of(Concentration kernels, Concentration decoder, AttentionLossCall call, ScalarType dtype)
    {
        double n = call.Views * (call.IsJoe ? (double)call.Rows : 1), entropyFactor = (call.IsApart ? -1 : call.EntropyWeight) / n, metFactor = -(call.IsApart ? 1 : call.ReconstructionWeight) / call.Rows;
        double metWithin = metFactor / entropyFactor, slopeFactor = -0.5 / n;
        if (kernels.Value is double kappa && decoder.Value is double other)
        {
            double root = Math.Sqrt(kappa);
            return tensor([kappa, root, metWithin * other / root, entropyFactor * root, metFactor * other, slopeFactor / root, kappa + Math.Log(256)], dtype, CPU);
        }
        Tensor learnt = (kernels.Learnt ?? decoder.Learnt)!, value = Read(kernels), rootOfKernels = value.sqrt();
        (Tensor valueOfDecoder, Tensor ratio) = ReferenceEquals(kernels, decoder) ? (value, rootOfKernels) : (Read(decoder), Read(decoder) / rootOfKernels);
        return stack([value, rootOfKernels, metWithin * ratio, entropyFactor * rootOfKernels, metFactor * valueOfDecoder, slopeFactor / rootOfKernels, value + Math.Log(256)]).to(dtype);

        Tensor Read(Concentration concentration) => concentration.Learnt?.detach() ?? full([], concentration.Value!.Value, dtype: ScalarType.Float64, device: learnt.device);
    }
}
