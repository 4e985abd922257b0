using System.Globalization;
using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>
/// The folders of cells, in cells/ of a study's folder. The cell NAME is trained in a folder NAME.running-N beside its own, which takes its place when the run is over. N is the number of the claim by which a process trains it.
/// </summary>
/// <remarks>A cell is known by its settings and the version of the program, whatever its folder is called. What other processes begin or end shows after <see cref="Refresh"/>.</remarks>
/// <param name="path">The folder that they are in.</param>
/// <param name="registry">The kinds that settings can be of.</param>
internal sealed class CellFolders(string path, Registry registry)
{
    private const string Running = ".running-";

    private readonly Lock _gate = new();
    private readonly Dictionary<StudyCell, string> _names = [];
    private readonly Dictionary<string, RunSettings?> _found = []; // by the folders' names, also of those yet to be made; null if the settings cannot be read
    private readonly HashSet<string> _read = []; // names of the folders whose settings were read

    private ILookup<string, int> _running = Array.Empty<(string, int)>().ToLookup(_ => "", _ => 0); // numbers of the folders that cells are trained in, by the cells' names

    /// <summary>The settings of the cells that are here, by the names of the folders, also of those yet to be made; null if they cannot be read.</summary>
    public IReadOnlyDictionary<string, RunSettings?> Found => _found;

    /// <summary>Finds what other processes have begun and ended since the last time.</summary>
    public void Refresh()
    {
        lock (_gate)
        {
            // Network file systems answer from memory, for a minute, whether a file is there. To list the folder has them ask.
            // The folder is missing if another process made it, and deleted it again because its images could not be read.
            string[] paths = Directory.Exists(path) ? Directory.GetDirectories(path) : [];
            (string Name, int Running)[] folders = [.. paths.Select(folder => Split(Path.GetFileName(folder)))];
            _running = folders.Where(folder => folder.Running > 0).ToLookup(folder => folder.Name, folder => folder.Running);
            foreach (string name in folders.Select(folder => folder.Name).Distinct().Where(name => !_read.Contains(name)))
            {
                RunSettings? settings = _running[name].Select(number => RunningPath(name, number)).Prepend(Path.Combine(path, name))
                    .Select(folder => new RunReader(folder, registry).TryReadSettings()).FirstOrDefault(settings => settings is not null);
                if (settings is not null)
                {
                    Note(name, settings);
                }
                else
                {
                    _found.TryAdd(name, null);
                }
            }
        }
    }

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

    /// <summary>The folder that a cell was last trained in, or is trained in now; null if there is none.</summary>
    public RunReader? Latest(StudyCell cell)
    {
        lock (_gate)
        {
            string name = NameOf(cell);
            return _running[name].Any() ? new RunReader(RunningPath(name, _running[name].Max()), registry) : null;
        }
    }

    /// <summary>The folder that a cell is trained in by the claim of this number.</summary>
    public RunReader RunningAs(StudyCell cell, int claim) => new(RunningPath(NameOf(cell), claim), registry);

    /// <summary>Where what a cell came to is kept.</summary>
    public RunReader Of(StudyCell cell) => new(Path.Combine(path, NameOf(cell)), registry);

    /// <summary>Notes that this process has made the folder of a cell.</summary>
    public void Add(StudyCell cell)
    {
        lock (_gate)
        {
            Note(NameOf(cell), cell.Settings);
        }
    }

    /// <summary>Whether settings are those of a cell, trained by this version.</summary>
    public bool IsOf(RunSettings? settings, StudyCell cell) =>
        settings is not null && settings.Version == cell.Settings.Version && registry.Document.Difference(settings, cell.Settings) is null;

    private string RunningPath(string name, int claim) => Path.Combine(path, $"{name}{Running}{claim}");

    /// <summary>The name of a cell's folder, and the number of the claim if the cell is trained there.</summary>
    private static (string Name, int Running) Split(string folder)
    {
        int at = folder.LastIndexOf(Running, StringComparison.Ordinal);
        return at > 0 && int.TryParse(folder.AsSpan(at + Running.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? (folder[..at], number)
            : (folder, 0);
    }

    /// <summary>Notes a folder that is there, which may be of a cell that was to have another one.</summary>
    private void Note(string name, RunSettings settings)
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
        : registry.Document.Difference(other, cell.Settings) is { } difference ? AxisValue.Of(registry.Document, difference.Word, difference.Second).ShortName
        : $"v{cell.Settings.Version}";
}
