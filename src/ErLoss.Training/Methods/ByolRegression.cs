namespace ErLoss.Training.Methods;

/// <summary>How <see cref="Byol"/>'s native loss measures predictions by their cosines with the targets.</summary>
internal enum ByolRegression
{
    /// <summary>Squared distances, 2 − 2·cos, summed over the two ways (equation 2 of the paper and the lines after it).</summary>
    Distances,

    /// <summary>−cos, averaged over the two ways: a quarter of the gradient.</summary>
    Cosines,
}
