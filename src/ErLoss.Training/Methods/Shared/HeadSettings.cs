using ErLoss.Training.Settings;

namespace ErLoss.Training.Methods;

/// <summary>The layers between an encoder's features and what the loss compares.</summary>
internal record HeadSettings : Section
{
    /// <summary>Width of the hidden layers.</summary>
    [Setting("Width of the hidden layers of the heads.", Least = 1)]
    public int HiddenDimension { get; init; } = 512;

    /// <summary>Length of a projection.</summary>
    [Setting("Number of components of a projection.", Least = 2)]
    public int ProjectionDimension { get; init; } = 128;
}
