namespace ErLoss.Modules;

/// <summary>The space that the projections lie in. It determines the density model of the loss.</summary>
public enum Support
{
    /// <summary>The unit sphere S^(d−1): rows are directions, densities are von Mises–Fisher.</summary>
    Sphere,

    /// <summary>The probability simplex over d classes: rows are categorical distributions.</summary>
    Discrete,
}
