namespace ErLoss.Modules;

/// <summary>How the pairwise terms of the kernel density estimate are computed. It changes speed and memory, not values.</summary>
public enum Evaluation
{
    /// <summary>The library picks. At present always <see cref="Composed"/>.</summary>
    Auto,

    /// <summary>Value and gradient in one pass over blocks, without a k×k matrix. Not supported yet.</summary>
    Fused,

    /// <summary>Ordinary tensor operations on the k×k similarity matrix; derivatives of any order.</summary>
    Composed,
}
