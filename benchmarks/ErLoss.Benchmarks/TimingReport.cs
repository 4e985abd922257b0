using System.Text.Json;
using System.Text.Json.Serialization;
using BenchmarkDotNet.Reports;

namespace ErLoss.Benchmarks;

/// <summary>
/// A run's medians and their ratios, within the run, to the composed form of the same quantity and to the bare matrix product.
/// </summary>
internal static class TimingReport
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    public static void Write(IEnumerable<Summary> summaries, string path)
    {
        var medians = new Dictionary<(string Name, int K, int D), double>();
        foreach (BenchmarkReport report in summaries.SelectMany(summary => summary.Reports))
        {
            if (report is { Success: true, ResultStatistics: { } statistics }
                && report.BenchmarkCase.Descriptor.Type == typeof(KernelEntropyBenchmarks))
            {
                int Parameter(string name) => (int)report.BenchmarkCase.Parameters[name];
                medians[(report.BenchmarkCase.Descriptor.WorkloadMethod.Name, Parameter("K"), Parameter("D"))] = statistics.Median / 1e6;
            }
        }
        IEnumerable<Row> rows =
            from entry in medians
            let key = entry.Key
            let composed = key.Name.EndsWith("Loss", StringComparison.Ordinal)
                ? nameof(KernelEntropyBenchmarks.ComposedLoss)
                : nameof(KernelEntropyBenchmarks.ComposedEntropy)
            orderby key.K, key.D, key.Name
            select new Row(
                key.Name,
                key.K,
                key.D,
                entry.Value,
                key.Name == nameof(KernelEntropyBenchmarks.MatrixProduct) ? null : RatioTo(entry, composed),
                RatioTo(entry, nameof(KernelEntropyBenchmarks.MatrixProduct)));
        File.WriteAllText(path, JsonSerializer.Serialize(rows, s_json));

        double? RatioTo(KeyValuePair<(string Name, int K, int D), double> entry, string other) =>
            medians.TryGetValue((other, entry.Key.K, entry.Key.D), out double median) ? entry.Value / median : null;
    }

    private sealed record Row(
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("k")] int K,
        [property: JsonPropertyName("d")] int D,
        [property: JsonPropertyName("median_ms")] double MedianMilliseconds,
        [property: JsonPropertyName("ratio_to_composed")] double? RatioToComposed,
        [property: JsonPropertyName("ratio_to_matmul")] double? RatioToMatrixProduct);
}
