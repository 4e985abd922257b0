using System.Text.Json;
using ErTraining.Data;
using ErTraining.Training;

namespace ErTraining.Reporting;

/// <summary>What a run leaves in its output folder: config.json, metrics.jsonl, checkpoint/, report.html, result.json.</summary>
internal sealed class RunFolder
{
    /// <summary>The settings that were used.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>A line an epoch.</summary>
    public const string MetricsFile = "metrics.jsonl";

    /// <summary>What the run came to; there once it is over.</summary>
    public const string ResultFile = "result.json";

    private readonly string _path;

    /// <summary>Makes the folder and writes config.json.</summary>
    /// <exception cref="DataException">The folder holds a run already, or cannot be written to.</exception>
    public RunFolder(string path, TrainingSettings settings)
    {
        _path = path;
        CheckIsFree(path);
        try
        {
            Directory.CreateDirectory(path);
            WriteDocument(ConfigFile, settings);
            File.Create(Path.Combine(path, MetricsFile)).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be written to as --output: {e.Message}", e);
        }
    }

    /// <summary>Refuses a folder that holds a run already.</summary>
    /// <exception cref="DataException">It does.</exception>
    public static void CheckIsFree(string path)
    {
        if (File.Exists(Path.Combine(path, MetricsFile)))
        {
            throw new DataException($"{path}: a run is already here; give another --output, or delete the folder first.");
        }
    }

    /// <summary>The folder of the weights.</summary>
    public string CheckpointPath => Path.Combine(_path, "checkpoint");

    /// <summary>The page that shows the run.</summary>
    public string ReportPath => Path.Combine(_path, "report.html");

    /// <summary>Adds a line to metrics.jsonl.</summary>
    public void AppendMetrics(EpochMetrics metrics) =>
        File.AppendAllText(Path.Combine(_path, MetricsFile), JsonSerializer.Serialize(metrics, JsonFormat.Line) + "\n");

    /// <summary>Writes result.json.</summary>
    public void WriteResult(RunResult result) => WriteDocument(ResultFile, result);

    private void WriteDocument<T>(string file, T value) =>
        AtomicFile.Write(Path.Combine(_path, file), stream => JsonSerializer.Serialize(stream, value, JsonFormat.Document));
}
