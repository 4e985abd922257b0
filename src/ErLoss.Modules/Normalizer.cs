namespace ErLoss.Modules;

/// <summary>Which constants the reported densities have: the true ones, or those of the published code.</summary>
/// <remarks>
/// On the sphere gradients with respect to the projections do not depend on the choice; reported entropies, and gradients
/// with respect to κ, do.
/// </remarks>
public enum Normalizer
{
    /// <summary>
    /// True values: the exact log-normaliser of the von Mises–Fisher density; logarithms of probabilities as they are (of zero, that of the smallest
    /// normal number).
    /// </summary>
    Exact,

    /// <summary>
    /// The published code's values: log(I_{d/2−1}(κ) + 1e-7) in place of log I_{d/2−1}(κ), log(p + 1e-7) in place of log p.
    /// For d ≳ 32 at κ = 10 the first is off by tens to thousands of nats; use it only to reproduce published figures.
    /// </summary>
    Reference,
}
