namespace ErLoss.Training.Methods;

/// <summary>
/// A row of Table 2 of Rodríguez-Gálvez et al., "The Role of Entropy and Reconstruction in Multi-View Self-Supervised Learning" (ICML 2023,
/// arXiv 2307.10907): ImageNet; accuracy in percent, and the points of it that are lost when one thing changes.
/// </summary>
/// <param name="Accuracy">At batch 4096.</param>
/// <param name="LostAtBatch512">At batch 512.</param>
/// <param name="LostAtEma08">With a teacher of coefficient 0.8; null without a teacher.</param>
internal sealed record PublishedStability(double Accuracy, double LostAtBatch512, double? LostAtEma08)
{
    /// <summary>Where the figures stand.</summary>
    public const string Source = "Rodríguez-Gálvez et al., ICML 2023, arXiv 2307.10907, Table 2";
}
