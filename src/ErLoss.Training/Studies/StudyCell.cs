namespace ErLoss.Training.Studies;

/// <summary>One training run of a study.</summary>
/// <param name="Variant">What is trained.</param>
/// <param name="Settings">The document of the run.</param>
internal sealed record StudyCell(StudyVariant Variant, RunSettings Settings)
{
    /// <summary>The seed of its random numbers.</summary>
    public int Seed => Settings.Seed;

    /// <summary>The learning rate at its peak, scaled to the batch size.</summary>
    public double LearningRate => Settings.Optimizer.LearningRate;

    /// <summary>As its folder is named: <c>byol-er-b64-ema0.99-s0</c>.</summary>
    public string Name => $"{Variant.Name}-s{Seed}";
}
