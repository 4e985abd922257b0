using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Conversion to the precision that computations run in: that of the input, float32 at least.</summary>
internal static class FloatConversion
{
    /// <summary>The type that tensors of a type are computed in.</summary>
    public static ScalarType AtLeastSingle(ScalarType dtype) => dtype is ScalarType.Float16 or ScalarType.BFloat16 ? ScalarType.Float32 : dtype;

    /// <summary>Half-precision and bfloat16 as float32; float32 and float64 as they are (the same tensor).</summary>
    public static Tensor AtLeastSingle(Tensor tensor) =>
        tensor.dtype is ScalarType.Float16 or ScalarType.BFloat16 ? tensor.to(ScalarType.Float32) : tensor;
}
