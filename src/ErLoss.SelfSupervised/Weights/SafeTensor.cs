namespace ErLoss.SelfSupervised.Weights;

/// <summary>A tensor as a safetensors file holds it.</summary>
/// <param name="DType">One of the names that <see cref="ElementType"/> knows, such as <c>F32</c>.</param>
/// <param name="Shape">Lengths of the axes, none negative; empty for a scalar.</param>
/// <param name="Data">The elements, row-major and little-endian.</param>
internal sealed record SafeTensor(string DType, long[] Shape, byte[] Data)
{
    /// <summary>Bytes that a tensor takes; null where the type is unknown, an axis is negative or the product overflows.</summary>
    /// <param name="dtype">Name of the element type.</param>
    /// <param name="shape">Lengths of the axes.</param>
    public static long? ByteCount(string dtype, IEnumerable<long> shape)
    {
        long? bytes = ElementType.Bytes(dtype);
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
