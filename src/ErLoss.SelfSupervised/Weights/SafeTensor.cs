namespace ErLoss.SelfSupervised.Weights;

/// <summary>A tensor as a safetensors file holds it.</summary>
/// <param name="DType">
/// One of <c>F64</c>, <c>F32</c>, <c>F16</c>, <c>BF16</c>, <c>I64</c>, <c>I32</c>, <c>I16</c>, <c>I8</c>, <c>U8</c>, <c>BOOL</c>.
/// </param>
/// <param name="Shape">Lengths of the axes, none negative; empty for a scalar.</param>
/// <param name="Data">The elements, row-major and little-endian.</param>
internal sealed record SafeTensor(string DType, long[] Shape, byte[] Data)
{
    /// <summary>Bytes that a tensor takes; null where the type is unknown, an axis is negative or the product overflows.</summary>
    /// <param name="dtype">Name of the element type.</param>
    /// <param name="shape">Lengths of the axes.</param>
    public static long? ByteCount(string dtype, IEnumerable<long> shape)
    {
        long? bytes = dtype switch
        {
            "F64" or "I64" => 8,
            "F32" or "I32" => 4,
            "F16" or "BF16" or "I16" => 2,
            "I8" or "U8" or "BOOL" => 1,
            _ => null,
        };
        foreach (var length in shape)
        {
            if (bytes is null || length < 0 || (length > 0 && bytes > long.MaxValue / length))
            {
                return null;
            }

            bytes *= length;
        }

        return bytes;
    }
}
