namespace ErLoss.Training.Methods;

/// <summary>What compares embeddings with prototypes.</summary>
internal enum PrototypeLayer
{
    /// <summary><see cref="Prototypes"/>: cosines.</summary>
    Normalized,

    /// <summary><see cref="LinearPrototypes"/>: a linear layer whose rows are made unit vectors between steps.</summary>
    Linear,
}
