using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>The types of elements in the safetensors format: their sizes, and the tensors' types that they correspond to.</summary>
internal static class ElementType
{
    private static readonly Dictionary<string, (int Bytes, ScalarType? Type, string Words)> s_types = new()
    {
        ["F64"] = (8, ScalarType.Float64, "float64"),
        ["F32"] = (4, ScalarType.Float32, "float32"),
        ["F16"] = (2, ScalarType.Float16, "float16"),
        ["BF16"] = (2, ScalarType.BFloat16, "bfloat16"),
        ["F8_E4M3"] = (1, null, "float8"),
        ["F8_E5M2"] = (1, null, "float8"),
        ["F8_E8M0"] = (1, null, "float8"),
        ["C64"] = (8, null, "complex64"),
        ["I64"] = (8, ScalarType.Int64, "int64"),
        ["U64"] = (8, null, "uint64"),
        ["I32"] = (4, ScalarType.Int32, "int32"),
        ["U32"] = (4, null, "uint32"),
        ["I16"] = (2, ScalarType.Int16, "int16"),
        ["U16"] = (2, null, "uint16"),
        ["I8"] = (1, ScalarType.Int8, "int8"),
        ["U8"] = (1, ScalarType.Byte, "uint8"),
        ["BOOL"] = (1, ScalarType.Bool, "bool"),
    };

    /// <summary>Bytes of an element; null where the type is unknown.</summary>
    public static int? Bytes(string name) => s_types.TryGetValue(name, out var type) ? type.Bytes : null;

    /// <summary>The type of tensors of such elements; null where TorchSharp has none.</summary>
    public static ScalarType? Find(string name) => s_types.TryGetValue(name, out var type) ? type.Type : null;

    /// <summary>What Python calls the type.</summary>
    public static string InWords(string name) => s_types.TryGetValue(name, out var type) ? type.Words : name;

    /// <summary>The format's name of a tensor's type.</summary>
    /// <exception cref="NotSupportedException">The format has no such type.</exception>
    public static string NameOf(ScalarType type) => s_types.FirstOrDefault(entry => entry.Value.Type == type).Key
        ?? throw new NotSupportedException($"Tensors of type {type} have no place in a checkpoint.");

    /// <summary>Whether values of one type can be had in the other without a change of meaning: both are floating-point numbers, or both whole ones.</summary>
    public static bool CanConvert(string from, ScalarType to) => Find(from) is { } type && IsFloat(type) == IsFloat(to);

    private static bool IsFloat(ScalarType type) => type is ScalarType.Float64 or ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16;
}
