namespace ErLoss.Modules;

/// <summary>Which terms of the loss are to be computed.</summary>
/// <param name="Entropy">Whether the entropy is.</param>
/// <param name="Reconstruction">Whether the reconstruction is.</param>
/// <param name="Bound">Whether the bound, and with it each term with its normaliser, is.</param>
internal readonly record struct WantedTerms(bool Entropy, bool Reconstruction, bool Bound)
{
    /// <summary>All terms.</summary>
    public static WantedTerms All { get; } = new(true, true, true);

    /// <summary>What the loss alone needs: the terms whose weights are not zero, and one of them at least.</summary>
    public static WantedTerms OfLoss(EntropyReconstructionOptions options) =>
        new(options.EntropyWeight != 0, options.ReconstructionWeight != 0 || options.EntropyWeight == 0, false);
}
