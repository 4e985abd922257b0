using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using ErLoss.Modules;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErTraining.CommandLine;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>
/// <c>memory</c>: peak memory of one evaluation, forward and backward of Joe's entropy or of the whole loss in float32, beyond the inputs and whatever else the
/// process held before; each in a process of its own.
/// </summary>
/// <remarks>
/// On the CPU the growth of the peak resident set. On CUDA the growth of what torch's allocator has reserved, as
/// <see cref="DeviceMemory"/> says; for that nothing else should use the GPU meanwhile. <c>memory EVALUATION K D QUANTITY</c> measures one case, in
/// bytes, in this process.
/// </remarks>
internal static class PeakMemory
{
    private const string NoMemory = "out of memory";

    /// <summary>From this number of rows on, the composed form needs more memory than the machines that measure on a CPU have.</summary>
    private const int TooManyForComposedOnCpu = 65536;

    private static readonly int[] s_rows = [4096, 16384, 65536], s_rowsOnCuda = [.. s_rows, 131072];

    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string?> device = BenchmarkDevice.Option(), json = Outputs.Json();
        Option<IReadOnlyList<int>?> sizes = Options.Numbers(
            "--k", "Numbers of rows (batch sizes). On the CPU the default ends at 65536.", n => n is >= 2 and <= 1 << 20, "a whole number from 2 to 1048576", s_rowsOnCuda);
        var single = new Argument<string[]>("EVALUATION K D QUANTITY") { Arity = new ArgumentArity(0, 4), Description = "Measure one case only, in this process, and print the bytes." };
        var command = new Command("memory", "Measure the peak memory of entropy and loss by each evaluation, forward and backward.") { single, device, sizes, json };
        command.SetAction(parsed =>
        {
            Device on = BenchmarkDevice.Use(parsed.GetValue(device)!);
            if (on.type == DeviceType.CUDA && DeviceMemory.Read(on.index) is null)
            {
                throw new UsageException($"The driver does not tell the memory of {on}; --device cpu always works.");
            }
            Outputs.Check(parsed.GetValue(json));
            switch (parsed.GetValue(single))
            {
                case null or []:
                    MeasureAll(on, parsed.GetValue(sizes) ?? (on.type == DeviceType.CUDA ? s_rowsOnCuda : s_rows), parsed.GetValue(json));
                    break;
                case [var name, var k, var d, .. var rest] when Enum.TryParse(name, ignoreCase: true, out KernelEvaluation evaluation) && Enum.IsDefined(evaluation)
                    && int.TryParse(k, out int rows) && int.TryParse(d, out int dimension) && rows > 0 && dimension > 1 && (rest is [] || Variant.Quantities.Contains(rest[0])):
                    Console.WriteLine(Measure(evaluation, rest is [var quantity] ? quantity : Variant.Quantities[0], rows, dimension, on));
                    break;
                case { } other:
                    throw new UsageException($"memory is followed by '{string.Join(' ', other)}'; nothing, or an evaluation ({string.Join(", ", Variant.Forms)}), K, D and, if you like, {string.Join(" or ", Variant.Quantities)} are wanted.");
            }
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>What <c>memory --json</c> wrote.</summary>
    public static IReadOnlyList<Row> Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Row[]>(File.ReadAllText(path)) ?? throw new JsonException();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{path}' cannot be read; a file that memory --json wrote is wanted.");
        }
    }

    /// <summary>"47 MiB" of the form asked for among the rows of a size, or why there is no figure.</summary>
    public static string Show(IEnumerable<Row> rows, string form) =>
        rows.FirstOrDefault(row => row.Name.Equals(form, StringComparison.OrdinalIgnoreCase)) is { } row ? Show(row) : "";

    private static string Show(Row row) => row.PeakBytes is { } bytes ? $"{bytes / 1048576.0:n0} MiB" : row.Note ?? NoMemory;

    private static void MeasureAll(Device device, IReadOnlyList<int> sizes, string? json)
    {
        const int Dimension = 128;
        long? free = BenchmarkDevice.FreeBytes(device);
        var rows = new List<Row>();
        foreach ((string quantity, int k, KernelEvaluation evaluation) in
            from quantity in Variant.Quantities
            from k in sizes
            from evaluation in LossForm.Evaluations
            where device.type == DeviceType.CUDA || evaluation != KernelEvaluation.Composed || k < TooManyForComposedOnCpu
            select (quantity, k, evaluation))
        {
            int buffers = quantity == Variant.Quantities[0] ? Workload.ComposedEntropyBuffers : Workload.ComposedLossBuffers;
            long needed = evaluation == KernelEvaluation.Composed ? buffers * Workload.PairBytes(k) : 0;
            bool fits = device.type != DeviceType.CUDA || free is null || needed <= free;
            string output = fits ? MeasureInChild(evaluation, quantity, k, Dimension, device) : $"does not fit: about {needed >> 30} GiB";
            long? peak = long.TryParse(output, out long bytes) ? bytes : null;
            long? composed = rows.Find(row => row.Quantity == quantity && row.K == k && row.Name == nameof(KernelEvaluation.Composed))?.PeakBytes;
            rows.Add(new Row(quantity, evaluation.ToString(), k, Dimension, peak, composed is null ? null : (double?)peak / composed, peak is null ? output : null));
            Console.WriteLine($"{quantity,-7} {evaluation,-9} k {k,6}  d {Dimension}  {Show(rows[^1]),12}  {rows[^1].RatioToComposed:f3}".TrimEnd());
            if (json is not null)
            {
                AtomicFile.Write(json, stream => JsonSerializer.Serialize(stream, rows, s_json)); // what there is so far outlives an interrupt
            }
        }
    }

    /// <summary>The bytes, or why there are none.</summary>
    private static string MeasureInChild(KernelEvaluation evaluation, string quantity, int k, int dimension, Device device)
    {
        // Under `dotnet x.dll` the process is dotnet itself and wants the library's name first.
        string path = Environment.ProcessPath!, library = typeof(PeakMemory).Assembly.Location;
        string[] host = Path.GetFileNameWithoutExtension(path) == "dotnet" ? [library] : [];
        string[] arguments = [.. host, "memory", evaluation.ToString(), $"{k}", $"{dimension}", quantity, "--device", device.ToString()];
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true };
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd().Trim();
        child.WaitForExit();
        return child.ExitCode == 0 ? output : throw new InvalidOperationException($"The measurement of {evaluation} at ({k}, {dimension}) exited with {child.ExitCode}.");
    }

    /// <summary>The bytes, or why there are none.</summary>
    private static string Measure(KernelEvaluation evaluation, string quantity, int k, int dimension, Device device)
    {
        using var scope = NewDisposeScope();
        try
        {
            using Workload small = new(device, 64, dimension), measured = new(device, k, dimension);
            Run(small); // loads and compiles what is not the evaluation's own
            BenchmarkDevice.Synchronize(device);
            using var process = Process.GetCurrentProcess();
            long before = device.type == DeviceType.CUDA ? DeviceMemory.Read(device.index)!.Value.Free : process.WorkingSet64;
            Run(measured);
            BenchmarkDevice.Synchronize(device);
            process.Refresh();
            return $"{(device.type == DeviceType.CUDA ? before - DeviceMemory.Read(device.index)!.Value.Free : process.PeakWorkingSet64 - before)}";
        }
        catch (Exception e) when (OutOfMemory.Is(e))
        {
            return NoMemory;
        }
        catch (ArgumentException)
        {
            return "not served";
        }

        void Run(Workload workload)
        {
            if (quantity == Variant.Quantities[0])
            {
                workload.Entropy(evaluation);
            }
            else
            {
                workload.Loss(evaluation);
            }
        }
    }

    /// <summary>A case of the file that <c>--json</c> names.</summary>
    public sealed record Row(
        [property: JsonPropertyName("quantity")] string Quantity,
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("k")] int K,
        [property: JsonPropertyName("d")] int D,
        [property: JsonPropertyName("peak_bytes")] long? PeakBytes,
        [property: JsonPropertyName("ratio_to_composed")] double? RatioToComposed,
        [property: JsonPropertyName("note")] string? Note);
}
