namespace ErLoss.Training.Studies;

/// <summary>What cells of different batch sizes have in common.</summary>
internal enum StudyBudget
{
    /// <summary>The number of passes over the training images; a smaller batch then takes more steps.</summary>
    Epochs,

    /// <summary>The number of steps, as nearly as whole epochs come to it.</summary>
    Steps,
}

/// <summary>What becomes of the learning rate at another batch size than the reference's.</summary>
internal enum LearningRateRule
{
    /// <summary>It falls with the batch as is usual for the optimizer: with the square root of its size, or in proportion to it.</summary>
    Scaled,

    /// <summary>It stays as it is.</summary>
    Held,
}
