using ErLoss.Training.Views;

namespace ErLoss.Training.Methods;

/// <summary>What methods have in common that can train on small crops besides the two views.</summary>
internal abstract record MultiCropMethodSettings : DiscreteMethodSettings
{
    /// <summary>How much the views show, and the small crops.</summary>
    public CropSettings Crops { get; init; } = new();
}
