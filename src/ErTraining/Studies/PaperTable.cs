namespace ErTraining.Studies;

/// <summary>
/// Table 2 of Rodríguez-Gálvez et al., "The Role of Entropy and Reconstruction in Multi-View Self-Supervised Learning" (ICML 2023,
/// arXiv 2307.10907): ImageNet; reference batch 4096; accuracy in percent and points lost.
/// </summary>
internal static class PaperTable
{
    /// <summary>Where the figures stand.</summary>
    public const string Source = "Rodríguez-Gálvez et al., ICML 2023, arXiv 2307.10907, Table 2";

    /// <summary>A row of it.</summary>
    /// <param name="Name">Method, with "+ER" where it trained with entropy and reconstruction.</param>
    /// <param name="Accuracy">At batch 4096, in percent.</param>
    /// <param name="LostAtBatch512">Points.</param>
    /// <param name="LostAtEma08">Points; null for SimCLR, which has no teacher.</param>
    public sealed record Row(string Name, double Accuracy, double LostAtBatch512, double? LostAtEma08);

    /// <summary>The rows.</summary>
    public static IReadOnlyList<Row> Rows { get; } =
    [
        new("DINO", 75.59, 6.76, 8.25),
        new("DINO+ER", 73.39, 2.35, 0.92),
        new("BYOL", 73.42, 23.65, 2.63),
        new("BYOL+ER", 71.94, 2.35, 0.41),
        new("SimCLR", 70.23, 2.17, null),
        new("SimCLR+ER", 70.86, 1.01, null),
    ];
}
