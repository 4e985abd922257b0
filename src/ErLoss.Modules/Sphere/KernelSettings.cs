using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>How an entropy on the sphere is estimated from kernels.</summary>
/// <param name="Concentration">κ of the kernels.</param>
/// <param name="Estimator">Plug-in or Joe's.</param>
/// <param name="LeaveOneOut">Whether a row is left out of its own estimate.</param>
/// <param name="UnitRows">
/// Whether rows and centres were divided by their norms in the same graph: then no norm is read back from a GPU, and the own kernels' share of the gradient is left out. See
/// <see cref="KernelEntropy"/>.
/// </param>
internal sealed record KernelSettings(Concentration Concentration, EntropyEstimator Estimator, bool LeaveOneOut, bool UnitRows)
{
    /// <summary>How the pairwise terms are computed.</summary>
    public KernelEvaluation Evaluation { get; init; }

    /// <summary>What the fused form rounds the factors of its products to.</summary>
    public ProductPrecision Precision { get; init; }

    /// <summary>What attention rounds rows to; null for their own type.</summary>
    public ScalarType? AttentionType { get; init; }

    /// <summary>Attention, if kernels are evaluated by it; null where they are evaluated over tiles.</summary>
    public Attention? Attention { get; init; }

    /// <summary>Attention for further centres without gradient, if their kernels are evaluated by it though those of the rows are not.</summary>
    public Attention? CenterAttention { get; init; }

    /// <summary>Whether the plain estimate is wanted as well where rows are left out.</summary>
    public bool WithPlain { get; init; }

    /// <summary>Whether the values of the rows are wanted, and not their mean.</summary>
    public bool EachRow { get; init; }

    /// <summary>
    /// Bytes that kernels may take between value and gradient in the fused form; beyond it they are evaluated twice. By default what suits the size.
    /// </summary>
    public long? Budget { get; init; }
}
