using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>What the loss is made of: scalars, on the sphere without the normaliser log C_d(κ), which is apart. What was not asked for is null.</summary>
/// <param name="Entropy">The entropy, as the settings ask for it.</param>
/// <param name="PlainEntropy">The plain estimate of the entropy where rows are left out of <paramref name="Entropy"/>; without gradient.</param>
/// <param name="Reconstruction">The reconstruction error.</param>
/// <param name="LogNormalizer">log C_d(κ), which is to be subtracted from both terms; on classes there is none.</param>
internal readonly record struct LossParts(Tensor? Entropy, Tensor? PlainEntropy, Tensor? Reconstruction, Tensor? LogNormalizer)
{
    /// <summary>
    /// The weighted difference of the terms. One of weight zero is left out, whatever it is: zero times infinity would be NaN. With equal weights
    /// the normaliser cancels.
    /// </summary>
    public Tensor Loss(EntropyReconstructionOptions options)
    {
        double surplus = options.EntropyWeight - options.ReconstructionWeight;
        Tensor loss = (options.EntropyWeight, options.ReconstructionWeight) switch
        {
            (0, 0) => Reconstruction!.view(1)[..0].sum(), // an empty sum, of gradient zero
            (0, _) => options.ReconstructionWeight * Reconstruction!,
            (_, 0) => -options.EntropyWeight * Entropy!,
            _ => options.ReconstructionWeight * Reconstruction! - options.EntropyWeight * Entropy!,
        };
        return surplus == 0 || LogNormalizer is null ? loss : loss + surplus * LogNormalizer;
    }

    /// <summary>All four terms, which outlive the dispose scope they were made in.</summary>
    public EntropyReconstructionTerms Terms(EntropyReconstructionOptions options)
    {
        // The plain estimate has no gradient, so that the difference has none that would be its own.
        Tensor bound = PlainEntropy is null ? Entropy! - Reconstruction! : PlainEntropy - Reconstruction!.detach();
        Tensor entropy = LogNormalizer is null ? Entropy! : Entropy! - LogNormalizer;
        Tensor reconstruction = LogNormalizer is null ? Reconstruction! : Reconstruction! - LogNormalizer;
        return new EntropyReconstructionTerms(
            Loss(options).MoveToOuterDisposeScope(),
            entropy.MoveToOuterDisposeScope(),
            reconstruction.MoveToOuterDisposeScope(),
            bound.MoveToOuterDisposeScope());
    }
}
