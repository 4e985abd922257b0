using ErLoss.Training.Settings;

namespace ErLoss.Training.Compute;

/// <summary>Where a run computes, and to how many bits.</summary>
internal sealed record ComputeSettings : Section
{
    /// <summary>"auto", "cpu", "cuda" or "cuda:N".</summary>
    [Setting("Where to compute.", Placeholder = "auto|cpu|cuda[:N]", DecidesResult = false)]
    public string Device { get; init; } = "auto";

    /// <summary>Threads of CPU kernels.</summary>
    [Setting("Threads of CPU kernels.", Least = 1, Most = 1024, DecidesResult = false, WhenNull = "libtorch's choice")]
    public int? Threads { get; init; }

    /// <summary>What the encoder's convolutions compute in.</summary>
    [Setting("What the encoder's convolutions compute in; weights and losses are float32 always.")]
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Where a GPU may round to TF32.</summary>
    [Setting("Where a GPU may use TF32; products are the losses' too.", Alone = "products", Negated = "none")]
    public Tf32 Tf32 { get; init; } = Tf32.Convolutions;

    /// <inheritdoc/>
    public override IEnumerable<Conflict> Conflicts() =>
        Device == "mps" ? [new(nameof(Device), "is 'mps', but this program needs float64, which Apple's GPUs do not have; use cpu")] // for metrics, the linear probe and the indicators of collapse
        : Devices.IsName(Device) ? []
        : [new(nameof(Device), $"is '{Device}'; auto, cpu, cuda or cuda:N is wanted")];
}
