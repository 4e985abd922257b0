using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// What the loss is made of: scalars, or a value for each example, (k). On the sphere the terms come without their constants, the normalisers log C_d(κ), which are
/// apart in float64. What was not asked for is null.
/// </summary>
/// <param name="Entropy">The entropy, as the settings ask for it.</param>
/// <param name="PlainEntropy">The plain estimate of the entropy where rows are left out of <paramref name="Entropy"/>; without gradient.</param>
/// <param name="Reconstruction">The reconstruction error.</param>
/// <param name="EntropyConstant">What is to be subtracted from the entropy: log C_d(κ), zero where nothing counts. On classes there is none.</param>
/// <param name="PlainConstant">The same of the plain estimate.</param>
/// <param name="ReconstructionConstant">The same of the reconstruction; the same tensor where it is the same constant.</param>
internal readonly record struct LossParts(
    Tensor? Entropy, Tensor? PlainEntropy, Tensor? Reconstruction, Tensor? EntropyConstant, Tensor? PlainConstant, Tensor? ReconstructionConstant)
{
    /// <summary>The weighted difference without constants, where that was computed as one and the terms are null.</summary>
    public Tensor? Difference { get; init; }

    private static readonly Scalar s_zero = 0; // kept, as a number's conversion may be freed before native code reads it

    /// <summary>
    /// The weighted difference of the terms. One of weight zero is left out, whatever it is: zero times infinity would be NaN. With equal weights
    /// and one κ the constants cancel.
    /// </summary>
    public Tensor Loss(EntropyReconstructionOptions options)
    {
        Tensor loss = Difference ?? (options.EntropyWeight, options.ReconstructionWeight) switch
        {
            (0, 0) => Reconstruction!.masked_fill(ones([], ScalarType.Bool, Reconstruction.device), s_zero), // zero, and a gradient of zero
            (0, _) => options.ReconstructionWeight * Reconstruction!,
            (_, 0) => -options.EntropyWeight * Entropy!,
            _ => Times(options.ReconstructionWeight, Reconstruction!) - Times(options.EntropyWeight, Entropy!),
        };
        return Add(loss, EntropyConstant, options.EntropyWeight, options.ReconstructionWeight);
    }

    /// <summary>Lets them outlive the dispose scope they were made in.</summary>
    public LossParts MoveToOuterDisposeScope()
    {
        foreach (Tensor? part in (Tensor?[])[Entropy, PlainEntropy, Reconstruction, EntropyConstant, PlainConstant, ReconstructionConstant, Difference])
        {
            part?.MoveToOuterDisposeScope();
        }
        return this;
    }

    /// <summary>The entropy with its constant.</summary>
    public Tensor FullEntropy() => Add(Entropy!, EntropyConstant, -1, 0);

    /// <summary>The reconstruction error with its constant.</summary>
    public Tensor FullReconstruction() => Add(Reconstruction!, EntropyConstant, 0, 1);

    /// <summary>All four terms, which outlive the dispose scope they were made in.</summary>
    public EntropyReconstructionTerms Terms(EntropyReconstructionOptions options)
    {
        // The plain estimate has no gradient, so that the difference has none that would be its own.
        Tensor bound = PlainEntropy is null
            ? Add(Entropy! - Reconstruction!, EntropyConstant, -1, -1)
            : Add(PlainEntropy - Reconstruction!.detach(), PlainConstant, -1, -1).detach();
        return new EntropyReconstructionTerms(
            Loss(options).MoveToOuterDisposeScope(),
            FullEntropy().MoveToOuterDisposeScope(),
            FullReconstruction().MoveToOuterDisposeScope(),
            bound.MoveToOuterDisposeScope());
    }

    /// <summary>A value plus <paramref name="entropy"/> times an entropy's constant, less <paramref name="reconstruction"/> times the reconstruction's.</summary>
    private Tensor Add(Tensor value, Tensor? entropyConstant, double entropy, double reconstruction)
    {
        Tensor? constant = (entropyConstant, ReconstructionConstant) switch
        {
            (Tensor shared, Tensor other) when ReferenceEquals(shared, other) => Scale(shared, entropy - reconstruction),
            _ => Sum(Scale(entropyConstant, entropy), Scale(ReconstructionConstant, -reconstruction)),
        };
        return constant is null ? value : value + constant.to(value.dtype);
    }

    private static Tensor Times(double weight, Tensor term) => weight == 1 ? term : weight * term;

    private static Tensor? Scale(Tensor? constant, double factor) => factor == 0 ? null : constant is null ? null : factor * constant;

    private static Tensor? Sum(Tensor? first, Tensor? second) => first is null ? second : second is null ? first : first + second;
}
