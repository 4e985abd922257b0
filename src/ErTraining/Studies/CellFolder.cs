using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ErTraining.Reporting;
using ErTraining.Training;

namespace ErTraining.Studies;

/// <summary>Reads what <c>train</c> left in a cell's folder.</summary>
internal static class CellFolder
{
    /// <summary>Members of config.json that the machine decides, not the study.</summary>
    private static readonly HashSet<string> s_machine = ["version", "device"];

    /// <summary>Whether the folder's config.json has all the settings that a study decided.</summary>
    public static bool IsOf(string path, TrainingSettings settings) =>
        TryRead(Path.Combine(path, RunFolder.ConfigFile), out Dictionary<string, JsonElement>? config)
        && JsonSerializer.SerializeToElement(settings, JsonFormat.Line).EnumerateObject().All(
            member => s_machine.Contains(member.Name)
                || (config.TryGetValue(member.Name, out JsonElement found) && JsonElement.DeepEquals(found, member.Value)));

    /// <summary>What the folder holds of a cell that was trained to its end; null if it holds no such thing, or a run of other settings.</summary>
    public static CellOutcome? Read(string path, CellJob job)
    {
        if (!IsOf(path, job.Settings) || !TryRead(Path.Combine(path, RunFolder.ResultFile), out RunResult? result))
        {
            return null;
        }
        IReadOnlyList<EpochMetrics> epochs = Epochs(path);
        bool isWhole = result.Method == job.Settings.Method && result.Objective == job.Settings.Objective && result.Seed == job.Settings.Seed
            && result.Epochs == job.Settings.Epochs && result.KnnAccuracy is >= 0 and <= 1 && epochs.Count == job.Settings.Epochs;
        return isWhole ? CellOutcome.Finished(job.Cell, result, epochs) : null;
    }

    /// <summary>The epochs that metrics.jsonl has so far; a line that is being written does not count.</summary>
    public static IReadOnlyList<EpochMetrics> Epochs(string path)
    {
        var epochs = new List<EpochMetrics>();
        try
        {
            using var stream = new FileStream(
                Path.Combine(path, RunFolder.MetricsFile), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream);
            while (reader.ReadLine() is { } line
                && JsonSerializer.Deserialize<EpochMetrics>(line, JsonFormat.Line) is { } epoch && epoch.Epoch == epochs.Count + 1)
            {
                epochs.Add(epoch);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // What was read before it stands.
        }
        return epochs;
    }

    private static bool TryRead<T>(string path, [NotNullWhen(true)] out T? value)
        where T : class
    {
        value = null;
        try
        {
            using FileStream stream = File.OpenRead(path);
            value = JsonSerializer.Deserialize<T>(stream, JsonFormat.Document);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // As good as no file.
        }
        return value is not null;
    }
}
