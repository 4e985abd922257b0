using ErLoss.Training.Settings;

namespace ErLoss.Training.Compute;

/// <summary>Where a run computes, and to how many bits.</summary>
internal sealed record ComputeSettings : Section
{
    /// <summary>"auto", "cpu", "cuda" or "cuda:N".</summary>
    [Setting("Device to compute on: cpu, cuda or cuda:N. auto takes the first GPU if there is one.", Placeholder = "auto|cpu|cuda[:N]", DecidesResult = false)]
    public string Device { get; init; } = "auto";

    /// <summary>Threads of CPU kernels.</summary>
    [Setting("Number of threads that compute on the CPU.", Least = 1, Most = 1024, DecidesResult = false, WhenNull = "libtorch's choice")]
    public int? Threads { get; init; }

    /// <summary>What the encoder's convolutions compute in.</summary>
    [Setting("Number format in which the encoder's convolutions compute. Weights and losses are always float32.")]
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Where a GPU may round to TF32.</summary>
    [Setting("Where a GPU may use TF32. The value products stands for convolutions and all matrix products, including those of the losses.", Alone = "products", Negated = "none")]
    public Tf32 Tf32 { get; init; } = Tf32.Convolutions;

    /// <inheritdoc/>
    public override IEnumerable<Conflict> Conflicts() =>
        Device == "mps" ? [new(nameof(Device), "is 'mps', but this program needs float64, which Apple's GPUs do not have; use cpu")] // for metrics, the linear probe and the indicators of collapse
        : Devices.IsName(Device) ? []
        : [new(nameof(Device), $"is '{Device}'; auto, cpu, cuda or cuda:N is wanted")];
}
