using ErLoss.Training.Settings;

namespace ErLoss.Training.Methods;

/// <summary>A head whose outputs are distributions over prototypes or clusters.</summary>
internal sealed record DiscreteHeadSettings : HeadSettings
{
    /// <summary>Number of prototypes or clusters.</summary>
    [Setting("Number of prototypes or clusters of a discrete head.", Least = 2)]
    public int Prototypes { get; init; } = 128;
}
