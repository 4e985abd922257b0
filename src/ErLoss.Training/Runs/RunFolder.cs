using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Checkpoints;

namespace ErLoss.Training.Runs;

/// <summary>
/// What a run leaves in its output folder: config.json, metrics.jsonl, checkpoint/ and, once it is over, report.html, its pictures as files of
/// their own in pictures/, and result.json. One process at a time has it.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    /// <summary>The settings that were used.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>A line an epoch.</summary>
    public const string MetricsFile = "metrics.jsonl";

    /// <summary>What the run came to; there once it is over.</summary>
    public const string ResultFile = "result.json";

    /// <summary>The lock file. The open handle is the lock; the existence of the file is not.</summary>
    private const string LockFile = ".lock";

    private const string CheckpointFolder = "checkpoint";

    private readonly string _path;
    private readonly Registry _registry;
    private readonly string? _firstMade; // the uppermost folder that was made for it
    private readonly FileStream _lock;

    /// <summary>Makes the folder if need be, and takes it until disposed, or until the process is no more.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="checkpointInterval">How often the run's state is kept in the midst of an epoch.</param>
    /// <param name="registry">The kinds that its settings can be of.</param>
    /// <exception cref="DataException">Another process has it, or it cannot be written to.</exception>
    public RunFolder(string path, TimeSpan checkpointInterval, Registry registry)
    {
        _path = path;
        _registry = registry;
        States = new StateFolder(CheckpointPath, checkpointInterval);
        try
        {
            _firstMade = FirstMissing(Path.GetFullPath(path));
            Directory.CreateDirectory(path);
            _lock = Lock(path);
        }
        catch (IOException e) when (SaysInUse(e))
        {
            throw new DataException($"{path}: another process is at work here; wait until it is over, or choose another output folder.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>Whether a process is at work in a folder.</summary>
    public static bool IsInUse(string path)
    {
        if (!Directory.Exists(path))
        {
            return false;
        }
        try
        {
            Lock(path).Dispose();
            return false;
        }
        catch (IOException e) when (SaysInUse(e))
        {
            return true;
        }
    }

    /// <summary>Whether a folder holds a run, finished or not.</summary>
    public static bool HoldsRun(string path) =>
        File.Exists(Path.Combine(path, ConfigFile)) || File.Exists(Path.Combine(path, MetricsFile)) || StateFolder.HasStates(CheckpointOf(path));

    /// <summary>Refuses a folder that holds a run already, finished or not.</summary>
    /// <exception cref="DataException">It does.</exception>
    public static void CheckIsFree(string path)
    {
        if (HoldsRun(path))
        {
            throw new DataException(
                $"{path}: a run is already here; resume it, choose another output folder, or delete this folder first.");
        }
    }

    /// <summary>The settings of an earlier run, and the folder of its weights.</summary>
    /// <param name="path">The run's folder, or the folder of the weights in it.</param>
    /// <param name="registry">The kinds that its settings can be of.</param>
    /// <exception cref="DataException">It is neither, or its settings are not sound.</exception>
    public static (RunSettings Settings, string CheckpointPath) Find(string path, Registry registry)
    {
        if (!Directory.Exists(path))
        {
            throw new DataException($"{path}: no such directory; wanted the output folder of a training run, or the folder {CheckpointFolder} in it.");
        }
        string config = Path.Combine(path, ConfigFile), configAbove = Path.Combine(path, "..", ConfigFile);
        return File.Exists(config) ? (SettingsFile.Read(config, registry), Path.Combine(path, CheckpointFolder))
            : File.Exists(configAbove) ? (SettingsFile.Read(configAbove, registry), path)
            : throw new DataException(
                $"{path}: no {ConfigFile} here or in the folder above; wanted the output folder of a training run, or the folder {CheckpointFolder} in it.");
    }

    /// <summary>Where the settings are.</summary>
    public string ConfigPath => Path.Combine(_path, ConfigFile);

    /// <summary>The folder of the weights.</summary>
    public string CheckpointPath => CheckpointOf(_path);

    /// <summary>Where TensorBoard's files are, if any were asked for.</summary>
    public string TensorBoardPath => Path.Combine(_path, "tensorboard");

    /// <summary>States to go on from, beside the weights.</summary>
    public StateFolder States { get; }

    /// <summary>The page that shows the run.</summary>
    public string ReportPath => Path.Combine(_path, "report.html");

    /// <summary>The folder of the page's pictures as files.</summary>
    public string PicturesPath => Path.Combine(_path, "pictures");

    /// <summary>Whether a run has begun here.</summary>
    public bool IsTaken => HoldsRun(_path);

    /// <summary>Whether that run is over.</summary>
    public bool IsFinished => File.Exists(Path.Combine(_path, ResultFile));

    /// <summary>Reads config.json.</summary>
    /// <exception cref="DataException">It is missing or not sound.</exception>
    public RunSettings ReadSettings() => SettingsFile.Read(ConfigPath, _registry);

    /// <summary>Whether config.json has been written.</summary>
    public bool HasSettings => File.Exists(ConfigPath);

    /// <summary>Writes config.json.</summary>
    /// <exception cref="DataException">The folder cannot be written to.</exception>
    public void WriteSettings(RunSettings settings)
    {
        try
        {
            SettingsFile.Write(ConfigPath, settings, _registry);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>Opens a run again whose number of epochs was changed: what it came to before is no longer its result.</summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public void Reopen(RunSettings settings)
    {
        File.Delete(Path.Combine(_path, ResultFile)); // first: a run that is not finished continues from its checkpoint, whichever settings it finds
        WriteSettings(settings);
    }

    /// <summary>Writes metrics.jsonl, all of it, so that no reader and no fault ever sees half a line.</summary>
    public void WriteMetrics(IEnumerable<EpochMetrics> epochs) => AtomicFile.Write(Path.Combine(_path, MetricsFile), stream =>
    {
        foreach (EpochMetrics epoch in epochs)
        {
            JsonSerializer.Serialize(stream, epoch, JsonFormat.Line);
            stream.WriteByte((byte)'\n');
        }
    });

    /// <summary>Writes result.json.</summary>
    public void WriteResult(RunResult result) => WriteDocument(ResultFile, result);

    /// <summary>Gives the folder back. If no run has begun in it, such as because its images could not be read, what was made for it goes.</summary>
    public void Dispose()
    {
        _lock.Dispose();
        try
        {
            if (Directory.EnumerateFileSystemEntries(_path).All(entry => Path.GetFileName(entry) == LockFile))
            {
                File.Delete(Path.Combine(_path, LockFile));
                DeleteMade();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays, which does no harm.
        }
    }

    /// <summary>Deletes the folders that were made, from the innermost on, as far as they are empty.</summary>
    private void DeleteMade()
    {
        string made = Path.TrimEndingDirectorySeparator(Path.GetFullPath(_path));
        while (_firstMade is not null && made.Length >= _firstMade.Length && !Directory.EnumerateFileSystemEntries(made).Any())
        {
            Directory.Delete(made);
            made = Path.GetDirectoryName(made)!;
        }
    }

    /// <summary>The uppermost folder on the way to a path that does not exist; null if all do.</summary>
    private static string? FirstMissing(string path)
    {
        string? missing = null;
        for (string? folder = Path.TrimEndingDirectorySeparator(path); folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
        {
            missing = folder;
        }
        return missing;
    }

    private static FileStream Lock(string path) =>
        new(Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    private static string CheckpointOf(string path) => Path.Combine(path, CheckpointFolder);

    /// <summary>Windows' sharing violation, or the would-block of Linux and of macOS.</summary>
    private static bool SaysInUse(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;

    private DataException Unwritable(Exception e) => new($"{_path}: the output folder cannot be written to: {e.Message}", e);

    private void WriteDocument<T>(string file, T value) =>
        AtomicFile.Write(Path.Combine(_path, file), stream => JsonSerializer.Serialize(stream, value, JsonFormat.Document));
}
