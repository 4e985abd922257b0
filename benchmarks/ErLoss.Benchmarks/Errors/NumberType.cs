using ErLoss.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>In which numbers something is computed.</summary>
/// <param name="Name">As tables call it.</param>
/// <param name="Inputs">The type of the projections.</param>
/// <param name="Products">What evaluations other than the composed one round the factors of their products to.</param>
/// <param name="Tf32">Whether a GPU may use TF32 in products.</param>
internal sealed record NumberType(string Name, ScalarType Inputs, ProductPrecision Products = ProductPrecision.Full, bool Tf32 = false)
{
    /// <summary>All that a device has.</summary>
    public static IReadOnlyList<NumberType> Of(Device device) =>
    [
        new("float64", ScalarType.Float64),
        new("float32", ScalarType.Float32),
        .. device.type == DeviceType.CUDA ? (NumberType[])[new("float32, TF32 products", ScalarType.Float32, Tf32: true)] : [],
        new("float32, bfloat16 products", ScalarType.Float32, ProductPrecision.BFloat16),
        new("float16", ScalarType.Float16),
        new("bfloat16", ScalarType.BFloat16),
    ];

    /// <summary>Whether it makes a difference to an evaluation.</summary>
    public bool IsFor(KernelEvaluation evaluation) => Products == ProductPrecision.Full || evaluation != KernelEvaluation.Composed;
}
