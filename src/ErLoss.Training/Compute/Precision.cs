namespace ErLoss.Training.Compute;

/// <summary>What an encoder's convolutions compute in while training. Weights, statistics, heads, losses and evaluation are float32 always.</summary>
internal enum Precision
{
    /// <summary>IEEE single precision.</summary>
    Float32,

    /// <summary>Eight bits of precision with the range of float32; half the memory, and tensor cores where there are some.</summary>
    BFloat16,
}
