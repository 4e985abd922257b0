using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Checkpoints;

namespace ErLoss.Training.Runs;

/// <summary>
/// Reads what a run leaves in its output folder: config.json, metrics.jsonl, checkpoint/ and, once it is over, report.html, its pictures as files of their own in pictures/,
/// and result.json. It takes no lock: any number of readers look at a folder, also while a <see cref="RunWriter"/> has it. The folder need not exist.
/// </summary>
/// <param name="path">The folder.</param>
/// <param name="registry">The kinds that its settings can be of.</param>
internal sealed class RunReader(string path, Registry registry)
{
    private const string LockFile = ".lock";

    private const string ConfigFile = "config.json", CheckpointFolder = "checkpoint";

    /// <summary>The folder.</summary>
    public string Path => path;

    /// <summary>Where the settings that were used are.</summary>
    public string ConfigPath => In(ConfigFile);

    /// <summary>Where the metrics are, a line an epoch.</summary>
    public string MetricsPath => In("metrics.jsonl");

    /// <summary>Where it is written what the run came to, once it is over.</summary>
    public string ResultPath => In("result.json");

    /// <summary>The folder of the weights, and of the states to continue from.</summary>
    public string CheckpointPath => In(CheckpointFolder);

    /// <summary>Where TensorBoard's files are, if any were asked for.</summary>
    public string TensorBoardPath => In("tensorboard");

    /// <summary>The page that shows the run.</summary>
    public string ReportPath => In("report.html");

    /// <summary>The folder of the page's pictures as files.</summary>
    public string PicturesPath => In("pictures");

    /// <summary>The list of the files among the images that were left out, a line each; missing if there are none.</summary>
    public string LeftOutPath => In("left-out.txt");

    /// <summary>Whether the folder holds a run, finished or not.</summary>
    public bool HoldsRun => HasSettings || File.Exists(MetricsPath) || StateFolder.HasStates(CheckpointPath);

    /// <summary>Whether config.json has been written.</summary>
    public bool HasSettings => File.Exists(ConfigPath);

    /// <summary>Whether the run is over.</summary>
    public bool IsFinished => File.Exists(ResultPath);

    /// <summary>Whether the folder is there and nothing is in it but the lock file.</summary>
    public bool IsEmpty => Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).All(entry => System.IO.Path.GetFileName(entry) == LockFile);

    /// <summary>Where the file of the folder's <see cref="FolderLock"/> is.</summary>
    public string LockPath => In(LockFile);

    /// <summary>Whether a process is at work in the folder.</summary>
    public bool IsInUse
    {
        get
        {
            if (!Directory.Exists(path))
            {
                return false;
            }
            try
            {
                FolderLock.Take(LockPath).Dispose();
                return false;
            }
            catch (IOException e) when (FolderLock.SaysInUse(e))
            {
                return true;
            }
        }
    }

    /// <summary>The run of a folder, and the folder of its weights.</summary>
    /// <param name="path">The run's folder, or the folder of the weights in it.</param>
    /// <param name="registry">The kinds that its settings can be of.</param>
    /// <exception cref="DataException">It is neither, or its settings are not sound.</exception>
    public static (RunSettings Settings, string CheckpointPath) Find(string path, Registry registry)
    {
        if (!Directory.Exists(path))
        {
            throw new DataException($"{path}: no such directory; wanted the output folder of a training run, or the folder {CheckpointFolder} in it.");
        }
        RunReader here = new(path, registry), above = new(System.IO.Path.Combine(path, ".."), registry);
        return here.HasSettings ? (here.ReadSettings(), here.CheckpointPath)
            : above.HasSettings ? (above.ReadSettings(), path)
            : throw new DataException(
                $"{path}: no {ConfigFile} here or in the folder above; wanted the output folder of a training run, or the folder {CheckpointFolder} in it.");
    }

    /// <summary>Refuses a folder that holds a run already, finished or not.</summary>
    /// <exception cref="DataException">It does.</exception>
    public void CheckIsFree()
    {
        if (HoldsRun)
        {
            throw new DataException($"{path}: a run is already here; resume it, choose another output folder, or delete this folder first.");
        }
    }

    /// <summary>The settings in config.json.</summary>
    /// <exception cref="DataException">It is missing or not sound.</exception>
    public RunSettings ReadSettings() => SettingsFile.Read(ConfigPath, registry);

    /// <summary>The settings in config.json; null if it is missing or not sound.</summary>
    public RunSettings? TryReadSettings()
    {
        try
        {
            return ReadSettings();
        }
        catch (DataException)
        {
            return null;
        }
    }

    /// <summary>What the run came to; null if result.json is missing or not sound.</summary>
    public RunResult? TryReadResult()
    {
        try
        {
            using FileStream stream = File.OpenRead(ResultPath);
            return JsonSerializer.Deserialize<RunResult>(stream, JsonFormat.Document);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>The epochs that metrics.jsonl has so far; none after a line that is not sound.</summary>
    public IReadOnlyList<EpochMetrics> ReadEpochs()
    {
        var epochs = new List<EpochMetrics>();
        try
        {
            using var stream = new FileStream(MetricsPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
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

    private string In(string name) => System.IO.Path.Combine(path, name);
}
