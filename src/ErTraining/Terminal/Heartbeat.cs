namespace ErTraining.Terminal;

/// <summary>Lines of output that is no terminal: a file or a pipe. Where nothing is to be written for a while, a line says what the program is doing.</summary>
/// <remarks>Schedulers and people take a program that is silent for one that hangs.</remarks>
internal sealed class Heartbeat : IDisposable
{
    /// <summary>Somewhat less than the ten seconds that are promised.</summary>
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromSeconds(9);

    private readonly Lock _gate = new();
    private readonly Func<string> _status;
    private readonly TimeSpan _longestSilence;
    private readonly Action<string> _write;
    private readonly Timer _timer;

    /// <summary>Begins to wait.</summary>
    /// <param name="status">What the program is doing; asked on another thread.</param>
    /// <param name="longestSilence">After how long it is asked; null for somewhat less than ten seconds.</param>
    /// <param name="write">Writes a line; null for the console.</param>
    public Heartbeat(Func<string> status, TimeSpan? longestSilence = null, Action<string>? write = null)
    {
        _status = status;
        _longestSilence = longestSilence ?? s_longestSilence;
        _write = write ?? Console.WriteLine;
        _timer = new Timer(_ => WriteLine(_status()));
        _timer.Change(_longestSilence, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Writes a line, and waits anew.</summary>
    public void WriteLine(string line)
    {
        lock (_gate)
        {
            _write(line);
            _timer.Change(_longestSilence, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Ends the waiting; a line that is being written is finished.</summary>
    public void Dispose()
    {
        using var ended = new ManualResetEvent(false);
        if (_timer.Dispose(ended))
        {
            ended.WaitOne();
        }
    }
}
