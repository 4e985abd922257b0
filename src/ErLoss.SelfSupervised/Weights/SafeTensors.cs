using System.IO.Hashing;
using System.Text.Json;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>
/// Files in the safetensors format: the header's length (8 bytes, little-endian), a JSON header
/// <c>{"name": {"dtype": …, "shape": […], "data_offsets": [begin, end]}, "__metadata__": {…}}</c>, then the tensors' bytes without a gap.
/// </summary>
internal static class SafeTensors
{
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
        foreach (var entry in SafeTensorsHeader.Entries(header).OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            SafeTensorsHeader.Require(entry.Begin == end, $"tensor '{entry.Name}' begins at {entry.Begin}; wanted {end}, where the one before it ends");
            end = entry.End;
            var length = end - entry.Begin;
            var most = Math.Min(Array.MaxLength, stream.Length - stream.Position);
            SafeTensorsHeader.Require(length <= most, $"tensor '{entry.Name}' has {length} bytes; at most {most} are possible");
            var data = new byte[length];
            stream.ReadExactly(data);
            tensors.Add(entry.Name, new SafeTensor(entry.DType, entry.Shape, data));
        }

        SafeTensorsHeader.Require(
            stream.Position == stream.Length,
            $"the last tensor ends at {end}; wanted {end + stream.Length - stream.Position}, where the file ends");
        return (tensors, SafeTensorsHeader.Metadata(header));
    });

    /// <summary>Reads the header alone: the tensors' shapes by their names, and the metadata, empty where there are none.</summary>
    /// <inheritdoc cref="Read(string)" path="/param|/exception"/>
    public static (Dictionary<string, long[]> Shapes, Dictionary<string, string> Metadata) ReadHeader(string path) =>
        Read(path, (_, header) => (SafeTensorsHeader.Entries(header).ToDictionary(entry => entry.Name, entry => entry.Shape), SafeTensorsHeader.Metadata(header)));

    private static T Read<T>(string path, Func<FileStream, JsonElement, T> read)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            using var header = SafeTensorsHeader.Read(stream);
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
            if (name == SafeTensorsHeader.MetadataKey || SafeTensor.ByteCount(tensor.DType, tensor.Shape) != tensor.Data.LongLength)
            {
                throw new ArgumentException(
                    $"Tensor '{name}': {tensor.Data.LongLength} bytes for {tensor.DType} [{string.Join(", ", tensor.Shape)}].", nameof(tensors));
            }
        }

        KeyValuePair<string, SafeTensor>[] ordered = [.. tensors.OrderBy(entry => entry.Key, StringComparer.Ordinal)];
        return ordered.Select(entry => entry.Value.Data).Prepend(SafeTensorsHeader.Bytes(ordered, metadata));
    }
}
