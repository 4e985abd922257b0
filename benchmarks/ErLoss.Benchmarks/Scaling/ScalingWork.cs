namespace ErLoss.Benchmarks;

/// <summary>What can be measured.</summary>
internal enum ScalingWork
{
    /// <summary>Training steps.</summary>
    Step,

    /// <summary>Forward and backward pass of the loss.</summary>
    Loss,

    /// <summary>The same for its memory, in a process that has done nothing else.</summary>
    Memory,
}
