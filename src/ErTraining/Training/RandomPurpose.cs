namespace ErTraining.Training;

/// <summary>What a random stream is for: each draws from one of its own, so that a change in one leaves the others as they were.</summary>
internal enum RandomPurpose
{
    /// <summary>Initial weights.</summary>
    Weights = 1,

    /// <summary>The order of images within an epoch.</summary>
    Order = 2,

    /// <summary>Crops, flips and colours of a step.</summary>
    Views = 3,

    /// <summary>What a method draws before an epoch.</summary>
    Method = 4,
}
