using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Runs;
using ErTraining.CommandLine;

namespace ErLoss.Benchmarks;

/// <summary>What a run measured: the file that <c>compare</c>, <c>throughput</c> and <c>pytorch_baseline.py</c> write and <c>report</c> reads.</summary>
/// <param name="Program">"ErLoss" or "PyTorch".</param>
/// <param name="Device">The device's name.</param>
/// <param name="TorchSharp">Its version; null for PyTorch.</param>
/// <param name="Libtorch">The version of what computes under either.</param>
/// <param name="Rows">The timings.</param>
/// <param name="Throughput">Images per second of training steps, where they were measured.</param>
internal sealed record Measurements(
    string Program, string Device, string? TorchSharp, string Libtorch, IReadOnlyList<Timing> Rows, IReadOnlyList<Throughput>? Throughput = null)
{
    public static Measurements Read(string path)
    {
        try
        {
            Measurements read = JsonSerializer.Deserialize<Measurements>(File.ReadAllText(path), JsonFormat.Document) ?? throw new JsonException();
            return read is { Program: not null, Device: not null, Libtorch: not null, Rows: not null } ? read : throw new JsonException();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{path}' cannot be read; a file that compare --json, throughput --json or pytorch_baseline.py wrote is wanted.");
        }
    }

    public void Write(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, JsonFormat.Document));

    /// <summary>The timing of a variant; null where there is none.</summary>
    public Timing? Find(string name, TimingCase at) => Rows.FirstOrDefault(row => row.Name == name && row.Case == at);

    /// <summary>How many times faster one variant is than another, or less in time; null where one was not timed.</summary>
    public double? Ratio(string slower, string faster, TimingCase at) => Find(slower, at)?.MedianMs / Find(faster, at)?.MedianMs;
}

/// <summary>What a comparison is at: a size and a precision.</summary>
internal readonly record struct TimingCase(string Precision, int K, int D);

/// <summary>One variant's time, forward and backward, in milliseconds, and the relative error of the tangential gradient; null with a note that says why where there is none.</summary>
internal sealed record Timing(
    string Name, string Device, int K, int D, string Precision, double? MedianMs, double? Q1, double? Q3, int Rounds, string? Note = null, double? Error = null)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public TimingCase Case => new(Precision, K, D);
}

/// <summary>Training steps in images per second, two views an image; null with a note that says why where there is none.</summary>
/// <param name="Name">Of the encoder.</param>
/// <param name="Device">The device's name.</param>
/// <param name="Precision">"float32": no TF32. "tf32": float32 with TF32 in convolutions only, the default of training. "bfloat16": convolutions in bfloat16, the rest float32 without TF32.</param>
/// <param name="Batch">Images a step.</param>
/// <param name="ImagesPerSecond">Median over whole steps: views, encoder, heads, loss, optimizer, metrics. PyTorch's have no views to make.</param>
/// <param name="Q1">Its first quartile.</param>
/// <param name="Q3">Its third.</param>
/// <param name="EncoderImagesPerSecond">Median of the encoder's forward and backward alone.</param>
/// <param name="Note">Why there is none.</param>
internal sealed record Throughput(
    string Name, string Device, string Precision, int Batch, double? ImagesPerSecond, double? Q1, double? Q3, double? EncoderImagesPerSecond = null, string? Note = null);
