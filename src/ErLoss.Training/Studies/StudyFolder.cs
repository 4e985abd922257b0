using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>
/// A study's output folder: study.json, the figures figure2 and collapse as .png and .svg, report.html, and cells/ with a folder for each cell (<see cref="CellFolders"/>). The folder of a cell holds its settings first.
/// </summary>
/// <remarks>
/// Several processes may work in the folder at once, each on the cells that it has claimed (<see cref="CellClaims"/>, in claims/). A study can be started again with other axes or values: it finds the
/// cells that it needs, trains those that are not there, and leaves the others alone.
/// </remarks>
internal sealed class StudyFolder : IDisposable
{
    private readonly string _path;
    private readonly Registry _registry;
    private readonly CreatedFolder _made;

    /// <summary>Makes the folder, or opens that of a study that is to be continued.</summary>
    /// <exception cref="DataException">It holds something else, or it cannot be written to.</exception>
    public StudyFolder(string path, Registry registry)
    {
        _registry = registry;
        _path = path;
        if (new RunReader(path, registry).HoldsRun)
        {
            throw new DataException($"{path}: a training run is already here; choose another output folder.");
        }
        try
        {
            _made = new CreatedFolder(CellsPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: the output folder cannot be written to: {e.Message}", e);
        }
        Cells = new CellFolders(CellsPath, registry);
        Cells.Refresh();
    }

    /// <summary>The folders of the cells.</summary>
    public CellFolders Cells { get; }

    /// <summary>Settings, cells, table.</summary>
    public string DocumentPath => Path.Combine(_path, "study.json");

    /// <summary>Where a figure is: figure2 or collapse, as pixels (.png) or as curves (.svg).</summary>
    public string FigurePath(string name) => Path.Combine(_path, name);

    /// <summary>The page that shows the study.</summary>
    public string ReportPath => Path.Combine(_path, "report.html");

    /// <summary>The folder of the claims on cells.</summary>
    public string ClaimsPath => Path.Combine(_path, "claims");

    private string CellsPath => Path.Combine(_path, "cells");

    /// <summary>A cell that was trained, wholly or in part, with the settings of one of these, but by another version of the program; null if there is none.</summary>
    public (string Name, string Version)? OfAnotherVersion(IEnumerable<StudyCell> cells) => (
        from cell in cells
        where !Cells.Found.Values.Any(settings => Cells.IsOf(settings, cell))
        from found in Cells.Found
        where found.Value is not null && _registry.Document.Difference(found.Value, cell.Settings) is null
        select ((string, string)?)(found.Key, found.Value.Version ?? "unknown")).FirstOrDefault();

    /// <summary>A cell that was trained with the settings of one of these, but on other images; null if there is none.</summary>
    /// <param name="cells">The study's cells.</param>
    /// <param name="images">Where the study's images are, and how many of them are used.</param>
    /// <param name="fingerprint">Of these images; null if they are made anew for each seed.</param>
    public string? OnOtherImages(IEnumerable<StudyCell> cells, DataSettings images, string? fingerprint) => (
        from found in Cells.Found
        where found.Value?.Used.DataFingerprint is { } other
            && (found.Value.Data.Source == DataSource.Synthetic) is var isSynthetic
            && (isSynthetic != (fingerprint is null) || (fingerprint is not null && found.Value.Data with { Source = images.Source } == images && other != fingerprint))
            && cells.Any(cell => Cells.IsOf(found.Value, cell))
        select found.Key).FirstOrDefault();

    /// <summary>How many cells are here that are none of these.</summary>
    public int CountOthers(IReadOnlyCollection<StudyCell> cells) => Cells.Found.Values.Count(settings => !cells.Any(cell => Cells.IsOf(settings, cell)));

    /// <summary>What became of a cell before; null if it is yet to be trained.</summary>
    public CellOutcome? Kept(StudyCell cell) => Cells.Of(cell) is { IsFinished: true } run ? Read(run, cell) : null;

    /// <summary>The epochs that a cell which failed came to.</summary>
    public IReadOnlyList<EpochMetrics> EpochsOf(StudyCell cell) =>
        new[] { Cells.Of(cell), Cells.Latest(cell) }.Select(run => run?.ReadEpochs() ?? []).MaxBy(epochs => epochs.Count)!;

    /// <summary>The folder that a cell is to be trained in, with what an earlier process left of it.</summary>
    /// <remarks>A process that had the cell before and did not end, but slept, does not find its folder any more when it wakes up. So it cannot spoil what the cell has come to meanwhile.</remarks>
    /// <param name="cell">The cell.</param>
    /// <param name="claim">The number of the claim on it.</param>
    public RunReader Begin(StudyCell cell, int claim)
    {
        Cells.Refresh();
        RunReader run = Cells.RunningAs(cell, claim);
        if (Cells.Latest(cell) is { } left && left.Path != run.Path)
        {
            Directory.Move(left.Path, run.Path);
        }
        return run;
    }

    /// <summary>Writes a cell's document, for the process that trains it.</summary>
    /// <returns>The file's path.</returns>
    public string WriteSettings(StudyCell cell)
    {
        RunReader run = Cells.Of(cell);
        Directory.CreateDirectory(run.Path);
        SettingsFile.Write(run.ConfigPath, cell.Settings, _registry);
        Cells.Add(cell);
        return run.ConfigPath;
    }

    /// <summary>What a folder holds of a cell that was trained to its end; null if it holds no such thing, or a run of other settings.</summary>
    public CellOutcome? Read(RunReader run, StudyCell cell)
    {
        if (!Cells.IsOf(run.TryReadSettings(), cell) || run.TryReadResult() is not { } result)
        {
            return null;
        }
        IReadOnlyList<EpochMetrics> epochs = run.ReadEpochs();
        bool isWhole = result.Method == cell.Variant.Method && result.Objective == cell.Variant.Objective && result.Seed == cell.Seed
            && result.Epochs == cell.Settings.Epochs && result is { KnnAccuracy: >= 0 and <= 1, KnnAccuracyBefore: >= 0 and <= 1 } && epochs.Count == cell.Settings.Epochs
            && (result.LinearProbeAccuracy is >= 0 and <= 1 || !cell.Settings.LinearProbe || result.LabelledImages is not > 1);
        return isWhole ? CellOutcome.Finished(cell, result, epochs) : null;
    }

    /// <summary>Gives the folder of a cell that is over its lasting name. What stood there, of a run that failed, goes.</summary>
    public void Keep(StudyCell cell, RunReader run)
    {
        string path = Cells.Of(cell).Path;
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        if (Directory.Exists(run.Path))
        {
            Directory.Move(run.Path, path);
        }
        Cells.Refresh();
        Discard(Cells.Latest(cell)); // of a process that woke up after another had taken the cell over
        if (KeepsResultsOnly)
        {
            Reduce(cell);
        }
    }

    /// <summary>Whether cells that are finished keep nothing but their settings, their metrics and their results.</summary>
    public bool KeepsResultsOnly { get; init; }

    /// <summary>
    /// Deletes all of a finished cell but its settings, metrics and result, which are a few kilobytes and all that a study needs to know of it. The paths in its settings are cut to their last names, so that the
    /// folder says nothing of the machine.
    /// </summary>
    public void Reduce(StudyCell cell)
    {
        RunReader run = Cells.Of(cell);
        string[] kept = [run.ConfigPath, run.MetricsPath, run.ResultPath];
        if (Read(run, cell) is null || Directory.EnumerateFileSystemEntries(run.Path).Order().SequenceEqual(kept.Order()))
        {
            return; // it is not finished, or failed, so that what is there may be of use; or nothing else is there
        }
        RunSettings settings = run.ReadSettings();
        string source = settings.Data.Source == DataSource.Synthetic ? DataSource.Synthetic
            : Path.GetRelativePath(Environment.CurrentDirectory, Path.Combine(run.Path, Path.GetFileName(Path.TrimEndingDirectorySeparator(settings.Data.Source)))); // in the file it is relative to the file
        SettingsFile.Write(run.ConfigPath, settings with { Data = settings.Data with { Source = source, Cache = null } }, _registry);
        foreach (string folder in Directory.GetDirectories(run.Path))
        {
            Directory.Delete(folder, recursive: true);
        }
        foreach (string file in Directory.GetFiles(run.Path).Except(kept))
        {
            File.Delete(file);
        }
    }

    /// <summary>Deletes what a run has written since another process took its cell over, and its folder with it.</summary>
    public static void Discard(RunReader? run)
    {
        try
        {
            if (run is not null && Directory.Exists(run.Path))
            {
                Directory.Delete(run.Path, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is being written to, and stays, which does no harm.
        }
    }

    /// <summary>Writes study.json.</summary>
    /// <param name="plan">The study.</param>
    /// <param name="outcomes">One a cell.</param>
    /// <param name="temporary">A file that this process alone uses.</param>
    public void Write(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes, string temporary)
    {
        var document = StudyDocument.Create(plan, outcomes, Cells.NameOf);
        AtomicFile.Write(DocumentPath, stream => JsonSerializer.Serialize(stream, document, JsonFormat.Document), temporary);
    }

    /// <summary>If no cell has begun, such as because the images could not be read, what was made for the study is deleted.</summary>
    public void Dispose()
    {
        try
        {
            _made.DeleteIfEmpty();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays, which does no harm.
        }
    }
}
