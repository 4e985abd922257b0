using System.Text.Json;
using ErTraining.Data;
using ErTraining.Encoders;
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

    private const string CheckpointFolder = "checkpoint";

    private static readonly JsonSerializerOptions s_reading = new(JsonFormat.Line) { RespectNullableAnnotations = true };

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

    /// <summary>The settings of an earlier run, and the folder of its weights.</summary>
    /// <param name="path">The run's folder, or the folder of the weights in it.</param>
    /// <exception cref="DataException">It is neither, or its settings are not sound.</exception>
    public static (TrainingSettings Settings, string CheckpointPath) Find(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new DataException($"{path}: no such directory; wanted the --output of a training run, or the folder {CheckpointFolder} in it.");
        }
        string config = Path.Combine(path, ConfigFile), configAbove = Path.Combine(path, "..", ConfigFile);
        return File.Exists(config) ? (ReadSettings(config), Path.Combine(path, CheckpointFolder))
            : File.Exists(configAbove) ? (ReadSettings(configAbove), path)
            : throw new DataException(
                $"{path}: no {ConfigFile} here or in the folder above; wanted the --output of a training run, or the folder {CheckpointFolder} in it.");
    }

    /// <summary>The folder of the weights.</summary>
    public string CheckpointPath => Path.Combine(_path, CheckpointFolder);

    /// <summary>The page that shows the run.</summary>
    public string ReportPath => Path.Combine(_path, "report.html");

    /// <summary>Adds a line to metrics.jsonl.</summary>
    public void AppendMetrics(EpochMetrics metrics) =>
        File.AppendAllText(Path.Combine(_path, MetricsFile), JsonSerializer.Serialize(metrics, JsonFormat.Line) + "\n");

    /// <summary>Writes result.json.</summary>
    public void WriteResult(RunResult result) => WriteDocument(ResultFile, result);

    private void WriteDocument<T>(string file, T value) =>
        AtomicFile.Write(Path.Combine(_path, file), stream => JsonSerializer.Serialize(stream, value, JsonFormat.Document));

    private static TrainingSettings ReadSettings(string path)
    {
        TrainingSettings? settings;
        try
        {
            settings = JsonSerializer.Deserialize<TrainingSettings>(InputFile.Access(path, () => File.ReadAllText(path)), s_reading);
        }
        catch (JsonException e)
        {
            throw new DataException($"{path}: not the settings of a run: {e.Message}", e);
        }
        return settings switch
        {
            null => throw new DataException($"{path}: not the settings of a run: null."),
            _ when !EncoderCatalog.Names.Contains(settings.Encoder) =>
                throw new DataException($"{path}: the encoder is '{settings.Encoder}'; one of {string.Join(", ", EncoderCatalog.Names)} is wanted."),
            { TrainImages: < 1 } => throw new DataException($"{path}: train_images is {settings.TrainImages}; a whole number from 1 up is wanted."),
            _ => settings,
        };
    }
}
