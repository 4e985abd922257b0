using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ErLoss.Training;
using static TorchSharp.torch;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErLoss.SelfSupervised.Tests.Weights;

/// <summary>
/// Weights for tests, and files of them. The reader and the writer here are independent of the program's: a few lines by the format's specification
/// (github.com/huggingface/safetensors, "Format").
/// </summary>
internal static class SafeTensorsForTests
{
    /// <summary>An encoder whose running statistics are no longer those it was made with.</summary>
    public static Encoder Used(string name, int imageSize = 32)
    {
        using var scope = NewDisposeScope();
        Encoder encoder = Registry.Default.CreateEncoder(name, imageSize);
        encoder.train();
        encoder.call(randn(8, 3, 32, 32));
        return encoder;
    }

    /// <summary>An encoder's weights as a file has them, without counters.</summary>
    public static IEnumerable<(string Name, string DType, long[] Shape, byte[] Data)> Of(Encoder encoder, string prefix, ScalarType type)
    {
        using var scope = NewDisposeScope();
        string name = type switch { ScalarType.Float16 => "F16", ScalarType.BFloat16 => "BF16", ScalarType.Float64 => "F64", _ => "F32" };
        return [.. encoder.state_dict().Where(entry => !IsCounter(entry.Key)).Select(entry => (prefix + entry.Key, name, entry.Value.shape, entry.Value.to(type).contiguous().bytes.ToArray()))];
    }

    public static bool IsCounter(string name) => name.EndsWith("num_batches_tracked", StringComparison.Ordinal);

    public static Dictionary<string, (string DType, long[] Shape, byte[] Data)> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int start = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, start - 8));
        return header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__").ToDictionary(
            entry => entry.Name,
            entry =>
            {
                int[] offsets = entry.Value.GetProperty("data_offsets").Deserialize<int[]>()!;
                return (entry.Value.GetProperty("dtype").GetString()!, entry.Value.GetProperty("shape").Deserialize<long[]>()!, file[(start + offsets[0])..(start + offsets[1])]);
            });
    }

    public static void Write(string path, IEnumerable<(string Name, string DType, long[] Shape, byte[] Data)> tensors)
    {
        var header = new JsonObject();
        using var data = new MemoryStream();
        foreach ((string name, string dtype, long[] shape, byte[] bytes) in tensors)
        {
            long begin = data.Length;
            data.Write(bytes);
            header[name] = new JsonObject
            {
                ["dtype"] = dtype,
                ["shape"] = JsonSerializer.SerializeToNode(shape),
                ["data_offsets"] = new JsonArray(begin, data.Length),
            };
        }
        byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString()), length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)text.Length);
        File.WriteAllBytes(path, [.. length, .. text, .. data.ToArray()]);
    }
}
