using System.CommandLine;
using System.Diagnostics;
using ErLoss.Modules.Distributed;
using ErLoss.Training.Distributed;

namespace ErTraining.CommandLine;

/// <summary><c>--max-time</c>: ends a command as an interrupt does, so that it can be continued, but with an exit code of its own.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource _time = new(), _end = new();
    private readonly CancellationTokenRegistration _onInterrupt, _onTime;
    private int _exitCode; // zero until one of them comes

    /// <summary>Waits for the time to be over, or for an interrupt. The first of them decides how the command ends, whatever comes while it is ending.</summary>
    /// <param name="most">The time that the process may take, its start included; null for no limit.</param>
    /// <param name="interrupt">Cancelled by a signal.</param>
    public TimeLimit(TimeSpan? most, CancellationToken interrupt)
    {
        _onInterrupt = interrupt.Register(() => End(ErLoss.Training.ExitCode.Interrupted));
        _onTime = _time.Token.Register(() => End(ErLoss.Training.ExitCode.TimeIsOver));
        if (most is { } time)
        {
            using var process = Process.GetCurrentProcess();
            TimeSpan left = time - (DateTime.Now - process.StartTime);
            if (left > TimeSpan.Zero)
            {
                _time.CancelAfter(left);
            }
            else
            {
                _time.Cancel(); // at once: a timer comes later, and until then the command would begin its work
            }
        }
    }

    /// <summary>Cancelled by either.</summary>
    public CancellationToken Token => _end.Token;

    /// <summary>Why it was cancelled, as a line begins.</summary>
    public string Reason => ExitCode == ErLoss.Training.ExitCode.TimeIsOver ? "The time of --max-time is over" : "Interrupted";

    /// <summary>The exit code of a command that was cancelled; that of an interrupt where another process was told of it first.</summary>
    public int ExitCode => Volatile.Read(ref _exitCode) is not 0 and var code ? code : ErLoss.Training.ExitCode.Interrupted;

    /// <summary>Has all ranks end with the same reason, after all of them have stopped: the one of the lowest rank that has one.</summary>
    /// <param name="group">The ranks; null if there is one process.</param>
    public void Agree(ProcessGroup? group)
    {
        if (group?.GatherNumbers(Volatile.Read(ref _exitCode)).FirstOrDefault(code => code != 0) is { } agreed)
        {
            Volatile.Write(ref _exitCode, (int)agreed);
        }
    }

    /// <summary>The option.</summary>
    /// <param name="goesOn">How the command is continued, a clause: "--resume continues from there".</param>
    public static Option<TimeSpan?> Option(string goesOn) => new("--max-time")
    {
        Description = $"End after this time, such as 3h50m, 90m, 45s or 1:30:00, with a checkpoint and exit code 75; {goesOn}. "
            + "The current step and the checkpoint are completed after that time, so give a minute less than a scheduler allows.",
        HelpName = "TIME",
        CustomParser = result =>
        {
            string text = result.Tokens.Single().Value;
            TimeSpan? time = Duration.Parse(text);
            if (time is null)
            {
                result.AddError($"--max-time is '{text}'; {Duration.Wanted} is wanted.");
            }
            return time;
        },
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _onInterrupt.Dispose();
        _onTime.Dispose();
        _time.Dispose();
        _end.Dispose();
    }

    private void End(int exitCode)
    {
        Interlocked.CompareExchange(ref _exitCode, exitCode, 0); // before those who wait can ask for it
        _end.Cancel();
    }
}
