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

    /// <summary>Whether batches are normalised after the hidden layer.</summary>
    [Setting("Normalise batches after the hidden layer of the heads.")]
    public bool HiddenNorm { get; init; } = true;

    /// <summary>Whether batches are normalised at the projector's end, whose last layer has no bias then.</summary>
    [Setting("Normalise batches at the end of the projector; its last layer has no bias then.")]
    public bool OutputNorm { get; init; }
}
