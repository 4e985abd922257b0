using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Checkpoints;

namespace ErLoss.Training.Runs;

/// <summary>Writes a run into its output folder. It holds the folder's lock, so that there is one writer at a time; what is there, <see cref="RunReader"/> says.</summary>
internal sealed class RunWriter : IDisposable
{
    private readonly Registry _registry;
    private readonly CreatedFolder _folder;
    private readonly FolderLock _lock;

    /// <summary>Makes the folder if need be, and takes it until disposed, or until the process is no more.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="checkpointInterval">How often the run's state is kept in the midst of an epoch.</param>
    /// <param name="registry">The kinds that its settings can be of.</param>
    /// <exception cref="DataException">Another process has it, or it cannot be written to.</exception>
    public RunWriter(string path, TimeSpan checkpointInterval, Registry registry)
    {
        _registry = registry;
        Run = new RunReader(path, registry);
        States = new StateFolder(Run.CheckpointPath, checkpointInterval);
        try
        {
            (_folder, _lock) = FolderLock.MakeAndTake(path, Run.LockPath);
        }
        catch (IOException e) when (FolderLock.SaysInUse(e))
        {
            throw new DataException($"{path}: another process is at work here; wait until it is over, or choose another output folder.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>What is in the folder, and where.</summary>
    public RunReader Run { get; }

    /// <summary>States to continue from, beside the weights.</summary>
    public StateFolder States { get; }

    /// <summary>Writes config.json.</summary>
    /// <exception cref="DataException">The folder cannot be written to.</exception>
    public void WriteSettings(RunSettings settings)
    {
        try
        {
            SettingsFile.Write(Run.ConfigPath, settings, _registry);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>Opens a run again whose number of epochs was changed: what it came to before is no longer its result.</summary>
    /// <exception cref="DataException">The folder cannot be written to.</exception>
    /// <exception cref="IOException">The result cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">The result may not be deleted.</exception>
    public void Reopen(RunSettings settings)
    {
        File.Delete(Run.ResultPath); // first: a run that is not finished continues from its checkpoint, whichever settings it finds
        WriteSettings(settings);
    }

    /// <summary>Writes metrics.jsonl, all of it, so that no reader and no fault ever sees half a line.</summary>
    public void WriteMetrics(IEnumerable<EpochMetrics> epochs) => AtomicFile.Write(Run.MetricsPath, stream =>
    {
        foreach (EpochMetrics epoch in epochs)
        {
            JsonSerializer.Serialize(stream, epoch, JsonFormat.Line);
            stream.WriteByte((byte)'\n');
        }
    });

    /// <summary>Writes the list of the files among the images that were left out; no file if there are none.</summary>
    public void WriteLeftOut(IReadOnlyCollection<string> lines)
    {
        if (lines.Count == 0)
        {
            File.Delete(Run.LeftOutPath);
            return;
        }
        AtomicFile.Write(Run.LeftOutPath, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            foreach (string line in lines)
            {
                writer.Write($"{line}\n");
            }
        });
    }

    /// <summary>Writes result.json, which says that the run is over.</summary>
    public void WriteResult(RunResult result) => AtomicFile.Write(Run.ResultPath, stream => JsonSerializer.Serialize(stream, result, JsonFormat.Document));

    /// <summary>Gives the folder back. If no run has begun in it, such as because its images could not be read, what was made for it is deleted.</summary>
    public void Dispose()
    {
        using FolderLock held = _lock;
        try
        {
            if (Run.IsEmpty)
            {
                held.DisposeAndDelete();
                _folder.DeleteIfEmpty();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays, which does no harm.
        }
    }

    private DataException Unwritable(Exception e) => new($"{Run.Path}: the output folder cannot be written to: {e.Message}", e);
}
