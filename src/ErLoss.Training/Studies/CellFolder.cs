using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>Reads what <c>train</c> left in a cell's folder.</summary>
internal static class CellFolder
{
    /// <summary>The settings in a folder's config.json; null if there is no such file, or it is not sound.</summary>
    public static RunSettings? Settings(string path, Registry registry)
    {
        try
        {
            return SettingsFile.Read(Path.Combine(path, RunFolder.ConfigFile), registry);
        }
        catch (DataException)
        {
            return null;
        }
    }

    /// <summary>What the folder holds of a cell that was trained to its end; null if it holds no such thing, or a run of other settings.</summary>
    public static CellOutcome? Read(string path, StudyCell cell, Registry registry)
    {
        if (Settings(path, registry) is not { } settings || registry.Document.Difference(settings, cell.Settings) is not null || !TryRead(Path.Combine(path, RunFolder.ResultFile), out RunResult? result))
        {
            return null;
        }
        IReadOnlyList<EpochMetrics> epochs = Epochs(path);
        bool isWhole = result.Method == cell.Variant.Method && result.Objective == cell.Variant.Objective && result.Seed == cell.Seed
            && result.Epochs == cell.Settings.Epochs && result.KnnAccuracy is >= 0 and <= 1 && epochs.Count == cell.Settings.Epochs;
        return isWhole ? CellOutcome.Finished(cell, result, epochs) : null;
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
