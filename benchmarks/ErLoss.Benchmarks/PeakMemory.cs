using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using ErLoss.Modules;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>
/// Peak memory of one evaluation, forward and backward of Joe's entropy in float32, beyond the inputs and whatever else the process
/// held before; each in a process of its own. Host memory only: TorchSharp does not tell a GPU's.
/// </summary>
/// <remarks>
/// <c>memory</c> measures the fused form at (4,096; 128) to (65,536; 128) and the composed one up to k = 16,384; <c>memory
/// fused|composed K D</c> one case, in bytes, in this process.
/// </remarks>
internal static class PeakMemory
{
    private static readonly (Evaluation Evaluation, int K)[] s_cases =
    [
        (Evaluation.Composed, 4096), (Evaluation.Fused, 4096),
        (Evaluation.Composed, 16384), (Evaluation.Fused, 16384),
        (Evaluation.Fused, 65536),
    ];

    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    public static int Run(List<string> request, string? json)
    {
        if (request.Count == 0)
        {
            MeasureAll(json);
            return 0;
        }
        if (request is [var name, var k, var d] && Enum.TryParse(name, ignoreCase: true, out Evaluation evaluation)
            && int.TryParse(k, out int rows) && int.TryParse(d, out int dimension) && rows > 0 && dimension > 1)
        {
            Console.WriteLine(Measure(evaluation, rows, dimension));
            return 0;
        }
        Console.Error.WriteLine("usage: memory [fused|composed K D]");
        return 2;
    }

    private static void MeasureAll(string? json)
    {
        const int Dimension = 128;
        var rows = new List<Row>();
        foreach ((Evaluation evaluation, int k) in s_cases)
        {
            long peak = MeasureInChild(evaluation, k, Dimension);
            long? composed = rows.Find(row => row.K == k && row.Name == nameof(Evaluation.Composed))?.PeakBytes;
            rows.Add(new Row(evaluation.ToString(), k, Dimension, peak, composed is null ? null : (double)peak / composed));
            Console.WriteLine($"{evaluation,-8} k {k,6}  d {Dimension}  {peak / 1048576.0,8:f1} MiB  {rows[^1].RatioToComposed:f3}");
        }
        if (json is not null)
        {
            File.WriteAllText(json, JsonSerializer.Serialize(rows, s_json));
        }
    }

    private static long MeasureInChild(Evaluation evaluation, int k, int dimension)
    {
        // Under `dotnet x.dll` the process is dotnet itself and wants the library's name first.
        string path = Environment.ProcessPath!, library = typeof(PeakMemory).Assembly.Location;
        string[] host = Path.GetFileNameWithoutExtension(path) == "dotnet" ? [library] : [];
        string[] arguments = [.. host, "memory", evaluation.ToString(), $"{k}", $"{dimension}"];
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true };
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? long.Parse(output)
            : throw new InvalidOperationException($"The measurement of {evaluation} at ({k}, {dimension}) exited with {child.ExitCode}.");
    }

    private static long Measure(Evaluation evaluation, int k, int dimension)
    {
        using var scope = NewDisposeScope();
        Evaluate(Rows(64, dimension), evaluation); // loads and compiles what is not the evaluation's own
        Tensor rows = Rows(k, dimension);
        using var process = Process.GetCurrentProcess();
        long before = process.WorkingSet64;
        Evaluate(rows, evaluation);
        process.Refresh();
        return process.PeakWorkingSet64 - before;
    }

    private static Tensor Rows(int k, int dimension)
    {
        using var scope = NewDisposeScope();
        return nn.functional.normalize(randn(k, dimension), dim: 1).requires_grad_().MoveToOuterDisposeScope();
    }

    private static void Evaluate(Tensor rows, Evaluation evaluation)
    {
        using Tensor entropy = EntropyReconstruction.entropy(rows, estimator: EntropyEstimator.Joe, evaluation: evaluation);
        entropy.backward();
    }

    private sealed record Row(
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("k")] int K,
        [property: JsonPropertyName("d")] int D,
        [property: JsonPropertyName("peak_bytes")] long PeakBytes,
        [property: JsonPropertyName("ratio_to_composed")] double? RatioToComposed);
}
