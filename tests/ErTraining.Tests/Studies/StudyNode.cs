using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

/// <summary>A process that shares a study, with a clock of its own, and its view of the others.</summary>
internal sealed class StudyNode : IDisposable
{
    /// <summary>What the processes work on, unless a test says otherwise.</summary>
    public const string Study = "a study";

    /// <summary>A process that has yet to join.</summary>
    /// <param name="folder">The folder of the claims.</param>
    /// <param name="process">Which process it is.</param>
    public StudyNode(string folder, ProcessIdentity process)
    {
        var watch = new SilenceWatch(Clock);
        (Host, Processes) = (process.Host, new StudyProcesses(folder, process, watch));
        Claims = new CellClaims(folder, Processes, watch);
    }

    /// <summary>One of a machine of this name.</summary>
    public StudyNode(string folder, string host)
        : this(folder, new ProcessIdentity(host, host, 1, ""))
    {
    }

    public string Host { get; }

    public SettableClock Clock { get; } = new();

    public StudyProcesses Processes { get; }

    public CellClaims Claims { get; }

    public async Task<StudyNode> JoinAsync()
    {
        await Processes.JoinAsync(Study, _ => { }, default);
        return this;
    }

    public CellStanding Look(string cell)
    {
        Claims.Refresh();
        return Claims.Of(cell);
    }

    public CellClaim? Take(string cell)
    {
        Claims.Refresh();
        return Claims.TryTake(cell);
    }

    public void Dispose() => Processes.Dispose();

    /// <summary>A clock that a test sets.</summary>
    internal sealed class SettableClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
