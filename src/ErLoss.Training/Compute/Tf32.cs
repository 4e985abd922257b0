namespace ErLoss.Training.Compute;

/// <summary>
/// Where a GPU may round the factors of float32 computations to TF32, which keeps eleven bits of a number and is several times as fast. It means
/// nothing on a CPU.
/// </summary>
internal enum Tf32
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>In convolutions alone, as PyTorch has it by default: products, and so losses, keep their precision.</summary>
    Convolutions,

    /// <summary>In convolutions and in products.</summary>
    Products,
}
