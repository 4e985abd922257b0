using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>The header of a safetensors file: its length and its JSON; see <see cref="SafeTensors"/>.</summary>
internal static class SafeTensorsHeader
{
    /// <summary>The member that holds the metadata.</summary>
    public const string MetadataKey = "__metadata__";

    private const int LengthBytes = sizeof(ulong);

    /// <summary>The limit of the format's own implementation.</summary>
    private const long LongestHeader = 100_000_000;

    private static readonly JsonWriterOptions s_writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions s_reading = new() { AllowDuplicateProperties = false };

    /// <summary>The header in bytes, its length before it, padded to a multiple of eight.</summary>
    /// <param name="tensors">In the order of the file.</param>
    /// <param name="metadata">Free text by key; null leaves the entry out.</param>
    public static byte[] Bytes(KeyValuePair<string, SafeTensor>[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        buffer.Write(stackalloc byte[LengthBytes]);
        using (var json = new Utf8JsonWriter(buffer, s_writing))
        {
            json.WriteStartObject();
            if (metadata is not null)
            {
                json.WriteStartObject(MetadataKey);
                foreach (var (key, value) in metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            var begin = 0L;
            foreach (var (name, tensor) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", tensor.DType);
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [begin, begin += tensor.Data.Length]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }
        var header = buffer.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - LengthBytes);
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    /// <summary>Reads the header, and leaves the stream where the tensors begin.</summary>
    /// <exception cref="InvalidDataException">The length is not possible.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static JsonDocument Read(FileStream stream)
    {
        Span<byte> prefix = stackalloc byte[LengthBytes];
        Require(stream.Length >= LengthBytes, $"{stream.Length} bytes; wanted {LengthBytes} for the header's length alone");
        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        var most = Math.Min(LongestHeader, stream.Length - LengthBytes);
        Require(length <= (ulong)most, $"a header of {length} bytes; at most {most} are possible");
        var text = new byte[length];
        stream.ReadExactly(text);
        return JsonDocument.Parse(text, s_reading);
    }

    /// <summary>The tensors that a header names, with the places of their bytes.</summary>
    /// <exception cref="InvalidDataException">A header that is not of the format.</exception>
    public static IEnumerable<(string Name, string DType, long[] Shape, long Begin, long End)> Entries(JsonElement header)
    {
        Require(header.ValueKind == JsonValueKind.Object, "the header is not a JSON object");
        foreach (var property in header.EnumerateObject())
        {
            var name = property.Name;
            if (name == MetadataKey)
            {
                continue;
            }

            var dtype = Member(property.Value, "dtype", name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
            var shape = Integers(Member(property.Value, "shape", name));
            var offsets = Integers(Member(property.Value, "data_offsets", name));
            Require(
                dtype is not null && shape is not null && offsets is [_, _],
                $"tensor '{name}' has a dtype, shape or data_offsets of the wrong kind");
            Require(ElementType.Bytes(dtype) is not null, $"tensor '{name}' is of the type {dtype}, which is not known here");
            var (begin, end) = (offsets[0], offsets[1]);
            Require(
                begin >= 0 && end >= begin && end - begin == SafeTensor.ByteCount(dtype, shape),
                $"tensor '{name}', {dtype} [{string.Join(", ", shape)}], has the offsets [{begin}, {end}], which do not fit it");
            yield return (name, dtype, shape, begin, end);
        }
    }

    /// <summary>The metadata of a header; empty where there are none.</summary>
    /// <exception cref="InvalidDataException">A header that is not of the format.</exception>
    public static Dictionary<string, string> Metadata(JsonElement header)
    {
        Require(header.ValueKind == JsonValueKind.Object, "the header is not a JSON object");
        if (!header.TryGetProperty(MetadataKey, out var metadata))
        {
            return [];
        }

        Require(
            metadata.ValueKind == JsonValueKind.Object && metadata.EnumerateObject().All(entry => entry.Value.ValueKind == JsonValueKind.String),
            $"{MetadataKey} is not an object of strings");
        return metadata.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!);
    }

    private static JsonElement Member(JsonElement tensor, string member, string name)
    {
        var value = default(JsonElement);
        Require(tensor.ValueKind == JsonValueKind.Object && tensor.TryGetProperty(member, out value), $"tensor '{name}' has no {member}");
        return value;
    }

    private static long[]? Integers(JsonElement array)
    {
        if (array.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var integers = new List<long>();
        foreach (var element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out var integer))
            {
                return null;
            }

            integers.Add(integer);
        }

        return [.. integers];
    }

    /// <summary>Refuses a file where a condition does not hold.</summary>
    /// <param name="condition">What holds of a sound file.</param>
    /// <param name="otherwise">What is wrong if it does not.</param>
    /// <exception cref="InvalidDataException">It does not hold.</exception>
    public static void Require([DoesNotReturnIf(false)] bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidDataException(otherwise);
        }
    }
}
