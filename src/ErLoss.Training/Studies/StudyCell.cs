namespace ErLoss.Training.Studies;

/// <summary>One training run of a study.</summary>
/// <param name="Variant">What is trained.</param>
/// <param name="Seed">Of all its random streams.</param>
/// <param name="LearningRate">Scaled to the batch size.</param>
internal sealed record StudyCell(StudyVariant Variant, int Seed, double LearningRate)
{
    /// <summary>As its folder is named: <c>byol-er-b64-ema0.99-s0</c>.</summary>
    public string Name => $"{Variant.Name}-s{Seed}";
}
