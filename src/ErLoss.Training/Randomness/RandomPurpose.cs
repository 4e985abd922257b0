namespace ErLoss.Training.Randomness;

/// <summary>
/// What random numbers are for. Each purpose draws from streams of its own, so that a change in one leaves the others as they were.
/// A member's number is part of every seed's meaning: give a new purpose a new number, and keep the numbers of the others.
/// </summary>
internal enum RandomPurpose
{
    /// <summary>Initial weights; a stream for each run.</summary>
    Weights = 1,

    /// <summary>The order of images within an epoch; a stream for each epoch.</summary>
    Order = 2,

    /// <summary>Crops, flips and colours of the two views; a stream for each step.</summary>
    Views = 3,

    /// <summary>What a method draws before an epoch; a stream for each epoch.</summary>
    Method = 4,

    /// <summary>Classes of synthetic training images; a stream for every ten images.</summary>
    TrainingLabels = 5,

    /// <summary>Pixels of synthetic training images; a stream for each image.</summary>
    TrainingPixels = 6,

    /// <summary>Classes of synthetic test images; a stream for every ten images.</summary>
    TestLabels = 7,

    /// <summary>Pixels of synthetic test images; a stream for each image.</summary>
    TestPixels = 8,

    /// <summary>The views that the report shows.</summary>
    ShownViews = 9,

    /// <summary>Crops, flips and colours of small crops; a stream for each step.</summary>
    SmallCrops = 10,

    /// <summary>The small crops that the report shows.</summary>
    ShownSmallCrops = 11,

    /// <summary>The views of test images that view retrieval is measured on: the same at each measurement of a run.</summary>
    RetrievedViews = 12,
}
