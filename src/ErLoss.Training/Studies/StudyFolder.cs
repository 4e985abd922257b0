using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>
/// A study's output folder: study.json, figure2.png, figure2.svg, report.html, and cells/ with a folder for each cell. The folder of a cell holds its settings first.
/// The cell is trained in a folder NAME.running beside it, which takes its place when the run is over.
/// </summary>
internal sealed class StudyFolder : IDisposable
{
    private readonly string _path;
    private readonly Registry _registry;
    private readonly FileStream _lock;

    /// <summary>Makes the folder, or opens that of a study that is to be gone on with.</summary>
    /// <exception cref="DataException">It holds something else, another process works in it, or it cannot be written to.</exception>
    public StudyFolder(string path, StudySettings settings, Registry registry)
    {
        _registry = registry;
        _path = path;
        if (RunFolder.HoldsRun(path))
        {
            throw new DataException($"{path}: a training run is already here; choose another output folder.");
        }
        try
        {
            Directory.CreateDirectory(CellsPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: the output folder cannot be written to: {e.Message}", e);
        }
        _lock = Lock();
        try
        {
            CheckIsOf(settings);
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>Settings, cells, table.</summary>
    public string DocumentPath => Path.Combine(_path, "study.json");

    /// <summary>The picture as pixels.</summary>
    public string PngPath => Path.Combine(_path, "figure2.png");

    /// <summary>The picture as curves.</summary>
    public string SvgPath => Path.Combine(_path, "figure2.svg");

    /// <summary>The page that shows the study.</summary>
    public string ReportPath => Path.Combine(_path, "report.html");

    private string CellsPath => Path.Combine(_path, "cells");

    /// <summary>What became of a cell before; null if it is yet to be trained.</summary>
    public CellOutcome? Kept(StudyCell cell) => CellFolder.Read(CellPath(cell), cell, _registry);

    /// <summary>The folder that a cell is to be trained in, with what an interrupted study left of it; not if that is of other settings.</summary>
    public string RunPath(StudyCell cell)
    {
        string path = $"{CellPath(cell)}.running";
        if (Directory.Exists(path) && !CellFolder.IsOf(path, cell.Settings, _registry))
        {
            Directory.Delete(path, recursive: true);
        }
        return path;
    }

    /// <summary>Writes a cell's document, for the process that trains it.</summary>
    /// <returns>The file's path.</returns>
    public string WriteSettings(StudyCell cell)
    {
        string file = Path.Combine(CellPath(cell), RunFolder.ConfigFile);
        Directory.CreateDirectory(CellPath(cell));
        SettingsFile.Write(file, cell.Settings, _registry);
        return file;
    }

    /// <summary>What a cell that is over left in a folder, if that is a whole run.</summary>
    public CellOutcome? Read(string runPath, StudyCell cell) => CellFolder.Read(runPath, cell, _registry);

    /// <summary>Gives the folder of a cell that is over its lasting name. What stood there, of a run that failed, goes.</summary>
    /// <returns>That folder's path.</returns>
    public string Keep(StudyCell cell, string runPath)
    {
        string path = CellPath(cell);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        if (Directory.Exists(runPath))
        {
            Directory.Move(runPath, path);
        }
        return path;
    }

    /// <summary>Writes study.json.</summary>
    public void Write(StudyDocument document) =>
        AtomicFile.Write(DocumentPath, stream => JsonSerializer.Serialize(stream, document, JsonFormat.Document));

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private string CellPath(StudyCell cell) => Path.Combine(CellsPath, cell.Name);

    private FileStream Lock()
    {
        try
        {
            return new FileStream(
                Path.Combine(_path, "study.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{_path}: another process runs this study, or the folder cannot be written to: {e.Message}", e);
        }
    }

    private void CheckIsOf(StudySettings settings)
    {
        if (!File.Exists(DocumentPath))
        {
            return;
        }
        JsonElement found;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(DocumentPath));
            found = document.RootElement.GetProperty("settings").Clone();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new DataException($"{DocumentPath}: not what a study writes; choose another output folder, or delete the file to go on.", e);
        }
        foreach (JsonProperty wanted in JsonSerializer.SerializeToElement(settings, JsonFormat.Line).EnumerateObject())
        {
            if (!found.TryGetProperty(wanted.Name, out JsonElement there) || !JsonElement.DeepEquals(there, wanted.Value))
            {
                string value = there.ValueKind == JsonValueKind.Undefined ? "absent" : JsonSerializer.Serialize(there, JsonFormat.Line);
                throw new DataException(
                    $"{_path}: a study of other settings is here: {wanted.Name} is {value} there and {wanted.Value.GetRawText()} now; "
                    + "choose another output folder, or give the same settings.");
            }
        }
    }
}
