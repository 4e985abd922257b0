using System.CommandLine;
using System.Diagnostics;

namespace ErTraining.CommandLine;

/// <summary><c>--max-time</c>: ends a command as an interrupt does, so that it can be continued, but with an exit code of its own.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationToken _interrupt;
    private readonly CancellationTokenSource _end;

    /// <summary>Waits for the time to be over, or for an interrupt.</summary>
    /// <param name="most">The time that the process may take, its start included; null for no limit.</param>
    /// <param name="interrupt">Cancelled by a signal.</param>
    public TimeLimit(TimeSpan? most, CancellationToken interrupt)
    {
        _interrupt = interrupt;
        _end = CancellationTokenSource.CreateLinkedTokenSource(interrupt);
        if (most is { } time)
        {
            using var process = Process.GetCurrentProcess();
            TimeSpan left = time - (DateTime.Now - process.StartTime);
            _end.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    /// <summary>Cancelled by either.</summary>
    public CancellationToken Token => _end.Token;

    /// <summary>Why it was cancelled, as a line begins.</summary>
    public string Reason => IsOver ? "The time of --max-time is over" : "Interrupted";

    /// <summary>The exit code of a command that was cancelled.</summary>
    public int ExitCode => IsOver ? ErLoss.Training.ExitCode.TimeIsOver : ErLoss.Training.ExitCode.Interrupted;

    private bool IsOver => _end.IsCancellationRequested && !_interrupt.IsCancellationRequested;

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
    public void Dispose() => _end.Dispose();
}
