using System.Text.Json;
using System.Text.Json.Serialization;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;

namespace ErLoss.Training.Checkpoints;

/// <summary>
/// A <see cref="TrainingState"/> in one safetensors file: tensors named <c>method.…</c> and <c>optimizer.…</c>, the rest as JSON in its metadata,
/// with a checksum of it all.
/// </summary>
internal static class StateFile
{
    private const string Settings = "settings", Data = "data", Position = "position", Checksum = "checksum";
    private const string MethodPrefix = "method.", OptimizerPrefix = "optimizer.";

    /// <summary>How places and metrics are written.</summary>
    internal static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Writes a state, replacing the file as a whole.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(string path, TrainingState state)
    {
        Dictionary<string, SafeTensor> tensors = state.Method.Select(entry => (MethodPrefix + entry.Key, entry.Value))
            .Concat(state.Optimizer.Select(entry => (OptimizerPrefix + entry.Key, entry.Value)))
            .ToDictionary();
        var metadata = new Dictionary<string, string>
        {
            [Settings] = state.Settings,
            [Data] = state.DataFingerprint,
            [Position] = JsonSerializer.Serialize(state.Position, Json),
        };
        metadata.Add(Checksum, SafeTensors.Checksum(tensors, metadata));
        SafeTensors.Write(path, tensors, metadata);
    }

    /// <summary>Reads a state.</summary>
    /// <exception cref="InvalidDataException">The file is not sound; the message is a line that names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static TrainingState Read(string path)
    {
        (Dictionary<string, SafeTensor> tensors, Dictionary<string, string> metadata) = SafeTensors.Read(path);
        if (!metadata.Remove(Checksum, out string? checksum) || checksum != SafeTensors.Checksum(tensors, metadata))
        {
            throw new InvalidDataException($"{path}: its checksum is not that of its content.");
        }
        try
        {
            RunPosition position = Member<RunPosition>(Position);
            if (position.MetricSums.Length != MetricSums.Count || position.Epochs.Index().Any(epoch => epoch.Item?.Epoch != epoch.Index + 1))
            {
                throw new JsonException("sums or epochs are missing.");
            }
            return new TrainingState(metadata[Settings], metadata[Data], position, Tensors(MethodPrefix), Tensors(OptimizerPrefix));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            throw new InvalidDataException(OneLine.Format($"{path}: no state of a run: {e.Message}"), e);
        }

        T Member<T>(string key) => JsonSerializer.Deserialize<T>(metadata[key], Json) ?? throw new JsonException($"'{key}' is null.");

        Dictionary<string, SafeTensor> Tensors(string prefix) => tensors
            .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);
    }
}
