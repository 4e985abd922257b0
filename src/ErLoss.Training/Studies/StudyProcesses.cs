using System.Text;
using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>
/// The processes that share a study. Each has a file that says which process it is and what it works on, to which it adds a byte every few seconds. A process whose file is gone, or does not grow any more, is over; one of the
/// same machine is known to be over at once. No lock is needed, since not all file systems that machines share have them.
/// </summary>
/// <remarks>Processes that are at work at the same time on the same study are of one <i>session</i>. A cell that failed is not tried again within a session.</remarks>
internal sealed class StudyProcesses : IDisposable
{
    private const string Extension = ".process";

    private const char Sign = '.';

    private static readonly TimeSpan s_moment = TimeSpan.FromSeconds(1);

    private readonly string _folder, _path;
    private readonly ProcessIdentity _self;
    private readonly SilenceWatch _watch;
    private string _line = "", _study = "";
    private int _beats;

    /// <summary>Of a process that has yet to <see cref="JoinAsync"/>.</summary>
    /// <param name="folder">Where the files are.</param>
    /// <param name="self">The process itself.</param>
    /// <param name="watch">Notes which of the others still show that they are at work.</param>
    public StudyProcesses(string folder, ProcessIdentity self, SilenceWatch watch)
    {
        (_folder, _self, _watch) = (folder, self, watch);
        string host = string.Concat(self.Host.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.').Take(60));
        Id = $"{host}-{self.Number}-{Guid.NewGuid().ToString("n")[..8]}";
        _path = PathOf(Id);
    }

    /// <summary>What the process is called in this folder.</summary>
    public string Id { get; }

    /// <summary>What the processes that are at work at the same time have in common.</summary>
    public string Session { get; private set; } = "";

    /// <summary>How names of files begin that the process alone uses.</summary>
    public string OwnPath => _path;

    /// <summary>Becomes one of the processes, or refuses because others are at work on something else.</summary>
    /// <param name="study">What it works on, the same text for the same study.</param>
    /// <param name="wait">Told the host of a process for whose sign of life is waited, since it works, or worked, on something else.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="DataException">Another process is at work on another study.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; it has not become one.</exception>
    public async Task JoinAsync(string study, Action<string> wait, CancellationToken cancellation)
    {
        // Who begins writes its own file first and then looks at those of the others. So of two that begin at once at least one sees the other.
        for (; ; await Task.Delay(Random.Shared.Next(50, 500), cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            IReadOnlyDictionary<string, Member> others = AtWork();
            if (others.FirstOrDefault(other => other.Value.Study != study) is { Key: { } id, Value: { } stranger })
            {
                await RequireEndAsync(id, stranger, wait, cancellation);
                continue;
            }
            _study = study;
            Enter(others.Values.FirstOrDefault()?.Session ?? Id);
            if (!TryWrite())
            {
                continue;
            }
            if (AtWork().Values.All(other => other.Session == Session))
            {
                return;
            }
            File.Delete(_path);
        }
    }

    /// <summary>
    /// Shows that the process is still at work. One that the others took to be over, because it slept, is again one of them, and of the session of those who have come since: where there were two sessions, nobody else
    /// could join either.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Beat()
    {
        _beats++;
        try
        {
            using var file = new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            file.Seek(0, SeekOrigin.End);
            file.WriteByte((byte)Sign);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            Enter(Files().Where(path => path != _path).Select(Read).FirstOrDefault(other => other?.Member is { Process.HasEnded: false } member && member.Study == _study)?.Member?.Session ?? Session);
            TryWrite();
        }
    }

    /// <summary>The other processes that are at work, by their ids. Files of those that are over are deleted.</summary>
    public IReadOnlyDictionary<string, Member> AtWork()
    {
        var members = new Dictionary<string, Member>();
        foreach (string path in Files())
        {
            string id = Path.GetFileNameWithoutExtension(path);
            if (id == Id || Read(path) is not var (member, length))
            {
                continue;
            }
            if (member?.Process.HasEnded == true || _watch.IsSilent(path, length))
            {
                DeleteFilesOf(path);
            }
            else if (member is not null)
            {
                members[id] = member;
            }
        }
        return members;
    }

    /// <summary>The process is no longer one of them. What it had claimed is free.</summary>
    public void Dispose()
    {
        try
        {
            DeleteFilesOf(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The others notice that it does not grow.
        }
    }

    /// <summary>Returns when a process that is at work on another study turns out to be over.</summary>
    /// <exception cref="DataException">It is at work.</exception>
    private async Task RequireEndAsync(string id, Member stranger, Action<string> wait, CancellationToken cancellation)
    {
        bool isHere = stranger.Process.Machine == _self.Machine;
        long? length = Read(PathOf(id))?.Length;
        if (!isHere)
        {
            wait(stranger.Process.Host);
        }
        while (AtWork().ContainsKey(id))
        {
            if (isHere || Read(PathOf(id))?.Length is { } now && now != length)
            {
                throw new DataException(
                    $"{Path.GetDirectoryName(_folder)}: a process on {stranger.Process.Host} is at work here on another study, with other settings, images or another version; wait until it is over, or choose another output folder.");
            }
            await Task.Delay(s_moment, cancellation);
        }
    }

    private void Enter(string session)
    {
        Session = session;
        _line = JsonSerializer.Serialize(new Member(_self, Session, _study), JsonFormat.Line) + "\n";
    }

    private string[] Files() => Directory.Exists(_folder) ? Directory.GetFiles(_folder, "*" + Extension) : [];

    private string PathOf(string id) => Path.Combine(_folder, id + Extension);

    private static void DeleteFilesOf(string path)
    {
        foreach (string own in Directory.GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".*"))
        {
            File.Delete(own);
        }
        File.Delete(path);
    }

    private bool TryWrite()
    {
        try
        {
            Directory.CreateDirectory(_folder);
            using var file = new FileStream(_path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            file.Write(Encoding.UTF8.GetBytes(_line + new string(Sign, _beats))); // longer than any that the others have seen
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return false; // another process that ended has just deleted the folder, which was empty
        }
    }

    /// <summary>What a file says, nothing while it is being written, and its length; null if it is gone.</summary>
    private static (Member? Member, long Length)? Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            string? line = reader.ReadLine();
            return (line is null ? null : JsonSerializer.Deserialize<Member>(line, JsonFormat.Line), file.Length);
        }
        catch (JsonException)
        {
            return (null, 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>What the file of a process says.</summary>
    /// <param name="Process">Which one it is.</param>
    /// <param name="Session">What it has in common with those that are at work at the same time.</param>
    /// <param name="Study">What it works on.</param>
    public sealed record Member(ProcessIdentity Process, string Session, string Study);
}
