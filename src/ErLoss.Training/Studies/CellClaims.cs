using System.Globalization;
using System.Text.Json;
using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>
/// Claims of the processes that share a study on its cells. A claim is a file that is made only if it is not there, which file systems that machines share do as one step: CELL.1.claim, then CELL.2.claim by the process
/// that takes the cell over from the first, and so on. The claim of the highest number counts, as long as its process is at work.
/// </summary>
/// <remarks>
/// Before a process gives a cell its result, it makes the next claim itself. So if two processes take each other to be over, such as after the machine of one slept, only one result counts, and no clock decides which.
/// </remarks>
/// <param name="folder">Where the files are.</param>
/// <param name="processes">Those that share the study, this one among them.</param>
/// <param name="watch">For claims whose process died before it could write down whose they are.</param>
internal sealed class CellClaims(string folder, StudyProcesses processes, SilenceWatch watch)
{
    private const string Extension = ".claim";

    private readonly Dictionary<string, Record> _records = []; // by their paths; once written they do not change

    private Dictionary<string, int> _latest = [];
    private IReadOnlyDictionary<string, StudyProcesses.Member> _atWork = new Dictionary<string, StudyProcesses.Member>();

    /// <summary>Looks at the claims, and at the processes that are at work.</summary>
    public void Refresh()
    {
        _latest = Latest("*"); // first: the process of a claim that is seen here has its file already
        _atWork = processes.AtWork();
    }

    /// <summary>Whether a cell can be claimed, as of the last <see cref="Refresh"/>. It is for the caller to know whether it is finished.</summary>
    public CellStanding Of(string cell)
    {
        if (!_latest.TryGetValue(cell, out int number))
        {
            return CellStanding.Free;
        }
        string path = PathOf(cell, number);
        return Read(path) is { } record
            ? record.Failure is { } message && record.Session == processes.Session ? CellStanding.Failed(message)
                : _atWork.TryGetValue(record.Process, out StudyProcesses.Member? member) ? CellStanding.Elsewhere(member.Process.Host)
                : CellStanding.Free
            : watch.IsSilent(path, 0) ? CellStanding.Free
            : CellStanding.Elsewhere(null);
    }

    /// <summary>Claims a cell that was free at the last <see cref="Refresh"/>; null if another process was faster.</summary>
    /// <exception cref="IOException">The claim cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The claim may not be written.</exception>
    public CellClaim? TryTake(string cell)
    {
        var claim = new CellClaim(cell, _latest.GetValueOrDefault(cell) + 1);
        return TryWrite(claim, failure: null) ? claim : null;
    }

    /// <summary>Whether another process has taken the cell over.</summary>
    public bool IsLost(CellClaim claim) => Latest(claim.Cell).GetValueOrDefault(claim.Cell) > claim.Number;

    /// <summary>Makes sure that what the cell came to is this process's to say. From then on no other process can take it over as long as this one is at work.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="failure">Why the cell failed; null if it did not.</param>
    /// <returns>False if another process has taken the cell over: what this one has is to be left alone.</returns>
    /// <exception cref="IOException">The claim cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The claim may not be written.</exception>
    public bool TryEnd(CellClaim claim, string? failure) => TryWrite(claim with { Number = claim.Number + 1 }, failure);

    /// <summary>Deletes the claims on cells that are over, when no other process is at work any more.</summary>
    /// <param name="cells">Names of the cells.</param>
    public void Delete(IEnumerable<string> cells)
    {
        try
        {
            if (processes.AtWork().Count > 0)
            {
                return;
            }
            HashSet<string> over = [.. cells];
            foreach ((string path, _, _) in All("*").Where(claim => over.Contains(claim.Cell)).OrderBy(claim => claim.Number))
            {
                File.Delete(path); // the one that counts goes last, so that a process that comes now never sees an older one alone
            }
            Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A process has just come, or claims on other cells are left. They stay, which does no harm.
        }
    }

    private string PathOf(string cell, int number) => Path.Combine(folder, $"{cell}.{number}{Extension}");

    private Dictionary<string, int> Latest(string cell) => All(cell).GroupBy(claim => claim.Cell).ToDictionary(claims => claims.Key, claims => claims.Max(claim => claim.Number));

    /// <summary>The claims. A list of the folder is asked for, since network file systems answer from memory, for a minute, whether a single file is there.</summary>
    private IEnumerable<(string Path, string Cell, int Number)> All(string cell) =>
        from path in Directory.Exists(folder) ? Directory.GetFiles(folder, $"{cell}.*{Extension}") : []
        let name = Path.GetFileNameWithoutExtension(path)
        let dot = name.LastIndexOf('.')
        where dot > 0
        let number = int.TryParse(name.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0
        where number > 0
        select (path, name[..dot], number);

    private bool TryWrite(CellClaim claim, string? failure)
    {
        string path = PathOf(claim.Cell, claim.Number);
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
        using (file)
        {
            JsonSerializer.Serialize(file, new Record(processes.Id, processes.Session, failure), JsonFormat.Line);
        }
        return true;
    }

    /// <summary>What a claim says; null while it is being written.</summary>
    private Record? Read(string path)
    {
        if (!_records.TryGetValue(path, out Record? record))
        {
            try
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                record = JsonSerializer.Deserialize<Record>(file, JsonFormat.Line);
            }
            catch (Exception e) when (e is JsonException or FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
            _records[path] = record!;
        }
        return record;
    }

    /// <summary>What the file of a claim says.</summary>
    /// <param name="Process">Whose it is, as <see cref="StudyProcesses"/> calls it.</param>
    /// <param name="Session">The session of that process.</param>
    /// <param name="Failure">Why the cell failed; null if it did not.</param>
    private sealed record Record(string Process, string Session, string? Failure);
}
