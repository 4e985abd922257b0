using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Text.Encodings.Web;
using System.Text.Json;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>
/// Files in the safetensors format: the header's length (8 bytes, little-endian), a JSON header
/// <c>{"name": {"dtype": …, "shape": […], "data_offsets": [begin, end]}, "__metadata__": {…}}</c>, then the tensors' bytes without a gap.
/// </summary>
internal static class SafeTensors
{
    private const string MetadataKey = "__metadata__";
    private const int LengthBytes = sizeof(ulong);

    /// <summary>The limit of the format's own implementation.</summary>
    private const long LongestHeader = 100_000_000;

    private static readonly JsonWriterOptions s_writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions s_reading = new() { AllowDuplicateProperties = false };

    /// <summary>Writes the tensors in ordinal order of their names, replacing the file as a whole.</summary>
    /// <param name="path">The file, in an existing directory.</param>
    /// <param name="tensors">By name.</param>
    /// <param name="metadata">Free text by key; null leaves the entry out.</param>
    /// <exception cref="ArgumentException">A tensor's data do not fit its type and shape, or a name is reserved.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(
        string path, IReadOnlyDictionary<string, SafeTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        byte[][] parts = [.. Parts(tensors, metadata)];
        AtomicFile.Write(path, stream =>
        {
            foreach (var part in parts)
            {
                stream.Write(part);
            }
        });
    }

    /// <summary>The XxHash128 of the file that <see cref="Write"/> would write, in hexadecimal digits.</summary>
    /// <inheritdoc cref="Write" path="/param[@name='tensors' or @name='metadata']"/>
    public static string Checksum(IReadOnlyDictionary<string, SafeTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var hash = new XxHash128();
        foreach (var part in Parts(tensors, metadata))
        {
            hash.Append(part);
        }
        return Convert.ToHexString(hash.GetCurrentHash());
    }

    /// <summary>Reads a whole file. Nothing is allocated that the file's own length does not vouch for.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The tensors by name, and the metadata, empty where there are none.</returns>
    /// <exception cref="InvalidDataException">Not a sound safetensors file; the message is a line that names the file.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static (Dictionary<string, SafeTensor> Tensors, Dictionary<string, string> Metadata) Read(string path) => Read(path, (stream, header) =>
    {
        var tensors = new Dictionary<string, SafeTensor>();
        var end = 0L;
        foreach (var entry in Entries(header).OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            Require(entry.Begin == end, $"tensor '{entry.Name}' begins at {entry.Begin}; wanted {end}, where the one before it ends");
            end = entry.End;
            var length = end - entry.Begin;
            var most = Math.Min(Array.MaxLength, stream.Length - stream.Position);
            Require(length <= most, $"tensor '{entry.Name}' has {length} bytes; at most {most} are possible");
            var data = new byte[length];
            stream.ReadExactly(data);
            tensors.Add(entry.Name, new SafeTensor(entry.DType, entry.Shape, data));
        }

        Require(
            stream.Position == stream.Length,
            $"the last tensor ends at {end}; wanted {end + stream.Length - stream.Position}, where the file ends");
        return (tensors, Metadata(header));
    });

    /// <summary>Reads the metadata alone; empty where there are none.</summary>
    /// <inheritdoc cref="Read(string)" path="/param|/exception"/>
    public static Dictionary<string, string> ReadMetadata(string path) => Read(path, (_, header) =>
    {
        Require(header.ValueKind == JsonValueKind.Object, "the header is not a JSON object");
        return Metadata(header);
    });

    private static T Read<T>(string path, Func<FileStream, JsonElement, T> read)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            using var header = ReadHeader(stream);
            return read(stream, header.RootElement);
        }
        catch (Exception e) when (e is InvalidDataException or JsonException or EndOfStreamException or InvalidOperationException)
        {
            // InvalidOperationException: a JSON string is not Unicode, which shows only when it is decoded.
            throw new InvalidDataException(OneLine.Format($"{path}: not a safetensors file: {e.Message.TrimEnd('.')}."), e);
        }
    }

    /// <summary>What stands in a file, in its order: the header, then each tensor.</summary>
    private static IEnumerable<byte[]> Parts(
        IReadOnlyDictionary<string, SafeTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        foreach (var (name, tensor) in tensors)
        {
            if (name == MetadataKey || SafeTensor.ByteCount(tensor.DType, tensor.Shape) != tensor.Data.LongLength)
            {
                throw new ArgumentException(
                    $"Tensor '{name}': {tensor.Data.LongLength} bytes for {tensor.DType} [{string.Join(", ", tensor.Shape)}].", nameof(tensors));
            }
        }

        KeyValuePair<string, SafeTensor>[] ordered = [.. tensors.OrderBy(entry => entry.Key, StringComparer.Ordinal)];
        return ordered.Select(entry => entry.Value.Data).Prepend(Header(ordered, metadata));
    }

    private static byte[] Header(KeyValuePair<string, SafeTensor>[] tensors, IReadOnlyDictionary<string, string>? metadata)
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

    private static JsonDocument ReadHeader(FileStream stream)
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

    private static IEnumerable<(string Name, string DType, long[] Shape, long Begin, long End)> Entries(JsonElement header)
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

    private static Dictionary<string, string> Metadata(JsonElement header)
    {
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

    private static void Require([DoesNotReturnIf(false)] bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidDataException(otherwise);
        }
    }
}
