using System.Globalization;
using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>
/// A study's output folder: study.json, the figures figure2 and collapse as .png and .svg, report.html, and cells/ with a folder for each cell. The folder of a cell holds its settings first.
/// The cell is trained in a folder NAME.running-N beside it, which takes its place when the run is over. N is the number of the claim by which a process trains it.
/// </summary>
/// <remarks>
/// Several processes may work in the folder at once, each on the cells that it has claimed (<see cref="CellClaims"/>, in claims/). What a process begins or ends shows in the others after <see cref="Refresh"/>.
/// A cell is known by its settings and the version of the program, whatever its folder is called. So a study can be started again with other axes or values: it finds the
/// cells that it needs, trains those that are not there, and leaves the others alone.
/// </remarks>
internal sealed class StudyFolder : IDisposable
{
    private const string Running = ".running-";

    private readonly string _path;
    private readonly Registry _registry;
    private readonly CreatedFolder _cells;
    private readonly Lock _gate = new();
    private readonly Dictionary<StudyCell, string> _names = [];
    private readonly Dictionary<string, RunSettings?> _found = []; // by the folders' names, also of those yet to be made; null if the settings cannot be read
    private readonly HashSet<string> _read = []; // names of the folders whose settings were read

    private ILookup<string, int> _running = Array.Empty<(string, int)>().ToLookup(_ => "", _ => 0); // numbers of the folders that cells are trained in, by the cells' names

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
            _cells = new CreatedFolder(CellsPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: the output folder cannot be written to: {e.Message}", e);
        }
        Refresh();
    }

    /// <summary>Settings, cells, table.</summary>
    public string DocumentPath => Path.Combine(_path, "study.json");

    /// <summary>Where a figure is: figure2 or collapse, as pixels (.png) or as curves (.svg).</summary>
    public string FigurePath(string name) => Path.Combine(_path, name);

    /// <summary>The page that shows the study.</summary>
    public string ReportPath => Path.Combine(_path, "report.html");

    /// <summary>The folder of the claims on cells.</summary>
    public string ClaimsPath => Path.Combine(_path, "claims");

    private string CellsPath => Path.Combine(_path, "cells");

    /// <summary>Finds what other processes have begun and ended since the last time.</summary>
    public void Refresh()
    {
        lock (_gate)
        {
            // Network file systems answer from memory, for a minute, whether a file is there. To list the folder has them ask.
            // The folder is missing if another process made it, and deleted it again because its images could not be read.
            string[] paths = Directory.Exists(CellsPath) ? Directory.GetDirectories(CellsPath) : [];
            (string Name, int Running)[] folders = [.. paths.Select(folder => Split(Path.GetFileName(folder)))];
            _running = folders.Where(folder => folder.Running > 0).ToLookup(folder => folder.Name, folder => folder.Running);
            foreach (string name in folders.Select(folder => folder.Name).Distinct().Where(name => !_read.Contains(name)))
            {
                RunSettings? settings = _running[name].Select(number => RunningPath(name, number)).Prepend(Path.Combine(CellsPath, name))
                    .Select(folder => new RunReader(folder, _registry).TryReadSettings()).FirstOrDefault(settings => settings is not null);
                if (settings is not null)
                {
                    Found(name, settings);
                }
                else
                {
                    _found.TryAdd(name, null);
                }
            }
        }
    }

    /// <summary>A cell that was trained, wholly or in part, with the settings of one of these, but by another version of the program; null if there is none.</summary>
    public (string Name, string Version)? OfAnotherVersion(IEnumerable<StudyCell> cells) => (
        from cell in cells
        where !_found.Values.Any(settings => IsOf(settings, cell))
        from found in _found
        where found.Value is not null && _registry.Document.Difference(found.Value, cell.Settings) is null
        select ((string, string)?)(found.Key, found.Value.Version ?? "unknown")).FirstOrDefault();

    /// <summary>A cell that was trained with the settings of one of these, but on other images; null if there is none.</summary>
    /// <param name="cells">The study's cells.</param>
    /// <param name="images">Where the study's images are, and how many of them are used.</param>
    /// <param name="fingerprint">Of these images; null if they are made anew for each seed.</param>
    public string? OnOtherImages(IEnumerable<StudyCell> cells, DataSettings images, string? fingerprint) => (
        from found in _found
        where found.Value?.Used.DataFingerprint is { } other
            && (found.Value.Data.Source == DataSource.Synthetic) is var isSynthetic
            && (isSynthetic != (fingerprint is null) || (fingerprint is not null && found.Value.Data with { Source = images.Source } == images && other != fingerprint))
            && cells.Any(cell => IsOf(found.Value, cell))
        select found.Key).FirstOrDefault();

    /// <summary>How many cells are here that are none of these.</summary>
    public int CountOthers(IReadOnlyCollection<StudyCell> cells) => _found.Values.Count(settings => !cells.Any(cell => IsOf(settings, cell)));

    /// <summary>The name of a cell's folder: that of its variant and seed, unless a run of other settings has that name. What sets the two apart is then added to it.</summary>
    public string NameOf(StudyCell cell)
    {
        lock (_gate)
        {
            if (!_names.TryGetValue(cell, out string? name))
            {
                name = _found.FirstOrDefault(found => IsOf(found.Value, cell)).Key ?? FreeName(cell);
                _found.TryAdd(name, cell.Settings); // so that no other cell gets it
                _names.Add(cell, name);
            }
            return name;
        }
    }

    /// <summary>What became of a cell before; null if it is yet to be trained.</summary>
    public CellOutcome? Kept(StudyCell cell) => new RunReader(CellPath(cell), _registry) is { IsFinished: true } run ? Read(run, cell) : null;

    /// <summary>The epochs that a cell which failed came to.</summary>
    public IReadOnlyList<EpochMetrics> EpochsOf(StudyCell cell) =>
        new[] { new RunReader(CellPath(cell), _registry), Latest(cell) }.Select(run => run?.ReadEpochs() ?? []).MaxBy(epochs => epochs.Count)!;

    /// <summary>The folder that a cell was last trained in, or is trained in now; null if there is none.</summary>
    public RunReader? Latest(StudyCell cell)
    {
        lock (_gate)
        {
            string name = NameOf(cell);
            return _running[name].Any() ? new RunReader(RunningPath(name, _running[name].Max()), _registry) : null;
        }
    }

    /// <summary>The folder that a cell is to be trained in, with what an earlier process left of it.</summary>
    /// <remarks>A process that had the cell before and did not end, but slept, does not find its folder any more when it wakes up. So it cannot spoil what the cell has come to meanwhile.</remarks>
    /// <param name="cell">The cell.</param>
    /// <param name="claim">The number of the claim on it.</param>
    public RunReader Begin(StudyCell cell, int claim)
    {
        Refresh();
        string path = RunningPath(NameOf(cell), claim);
        if (Latest(cell) is { } left && left.Path != path)
        {
            Directory.Move(left.Path, path);
        }
        return new RunReader(path, _registry);
    }

    /// <summary>Writes a cell's document, for the process that trains it.</summary>
    /// <returns>The file's path.</returns>
    public string WriteSettings(StudyCell cell)
    {
        string file = new RunReader(CellPath(cell), _registry).ConfigPath;
        Directory.CreateDirectory(CellPath(cell));
        SettingsFile.Write(file, cell.Settings, _registry);
        lock (_gate)
        {
            Found(NameOf(cell), cell.Settings);
        }
        return file;
    }

    /// <summary>What a folder holds of a cell that was trained to its end; null if it holds no such thing, or a run of other settings.</summary>
    public CellOutcome? Read(RunReader run, StudyCell cell)
    {
        if (!IsOf(run.TryReadSettings(), cell) || run.TryReadResult() is not { } result)
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
        string path = CellPath(cell);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        if (Directory.Exists(run.Path))
        {
            Directory.Move(run.Path, path);
        }
        Refresh();
        while (Latest(cell) is { } left) // by a process that woke up after another had taken the cell over
        {
            Directory.Delete(left.Path, recursive: true);
            Refresh();
        }
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
        var run = new RunReader(CellPath(cell), _registry);
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
        if (run is not null && Directory.Exists(run.Path))
        {
            Directory.Delete(run.Path, recursive: true);
        }
    }

    /// <summary>Writes study.json.</summary>
    /// <param name="plan">The study.</param>
    /// <param name="outcomes">One a cell.</param>
    /// <param name="temporary">A file that this process alone uses.</param>
    public void Write(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes, string temporary)
    {
        var document = StudyDocument.Create(plan, outcomes, NameOf);
        AtomicFile.Write(DocumentPath, stream => JsonSerializer.Serialize(stream, document, JsonFormat.Document), temporary);
    }

    /// <summary>Gives the folder back. If no cell has begun, such as because the images could not be read, what was made for it is deleted.</summary>
    public void Dispose()
    {
        try
        {
            _cells.DeleteIfEmpty();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays, which does no harm.
        }
    }

    private string CellPath(StudyCell cell) => Path.Combine(CellsPath, NameOf(cell));

    private string RunningPath(string name, int claim) => Path.Combine(CellsPath, $"{name}{Running}{claim}");

    /// <summary>The name of a cell's folder, and the number of the claim if the cell is trained there.</summary>
    private static (string Name, int Running) Split(string folder)
    {
        int at = folder.LastIndexOf(Running, StringComparison.Ordinal);
        return at > 0 && int.TryParse(folder.AsSpan(at + Running.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? (folder[..at], number)
            : (folder, 0);
    }

    /// <summary>Notes a folder that is there, which may be of a cell that was to have another one.</summary>
    private void Found(string name, RunSettings settings)
    {
        _read.Add(name);
        _found[name] = settings;
        foreach ((StudyCell cell, string planned) in _names.ToList())
        {
            if (planned == name ? !IsOf(settings, cell) : IsOf(settings, cell) && !_read.Contains(planned))
            {
                _names.Remove(cell);
            }
        }
    }

    private bool IsOf(RunSettings? settings, StudyCell cell) =>
        settings is not null && settings.Version == cell.Settings.Version && _registry.Document.Difference(settings, cell.Settings) is null;

    private string FreeName(StudyCell cell)
    {
        string name = cell.Name;
        while (_found.TryGetValue(name, out RunSettings? other))
        {
            name = $"{name}-{Distinction(cell, other)}";
        }
        return name;
    }

    private string Distinction(StudyCell cell, RunSettings? other) =>
        other is null ? "2"
        : _registry.Document.Difference(other, cell.Settings) is { } difference ? AxisValue.Of(_registry.Document, difference.Word, difference.Second).ShortName
        : $"v{cell.Settings.Version}";
}
