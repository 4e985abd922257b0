using System.Diagnostics;
using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>
/// Shows what the program is doing before and after it trains: on a terminal in a line that is drawn anew and goes in the end, elsewhere in a line every ten seconds.
/// </summary>
internal sealed class ActivityLine : IProgress<double>, IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(250);

    private readonly Stopwatch _since = Stopwatch.StartNew();
    private readonly LiveArea? _live;
    private readonly Timer? _timer;
    private readonly Heartbeat? _heartbeat;
    private volatile string _work;
    private double _done;

    /// <summary>Takes over the terminal's last line, if there is a terminal, until disposed.</summary>
    /// <param name="work">What is done, as a line begins: "reading images".</param>
    public ActivityLine(string work)
    {
        _work = work;
        _live = LiveArea.Take(work, clears: true);
        if (_live is null)
        {
            _heartbeat = new Heartbeat(Line);
        }
        else
        {
            _timer = new Timer(_ => _live.Show(new Text(Line())), null, s_interval, s_interval);
        }
    }

    /// <summary>Goes on to something else.</summary>
    /// <param name="work">As for the constructor; it may say how far that is.</param>
    public ActivityLine Is(string work)
    {
        Volatile.Write(ref _done, 0);
        _work = work;
        return this;
    }

    /// <summary>Says how far it is.</summary>
    /// <param name="value">From 0 to 1.</param>
    public void Report(double value) => Volatile.Write(ref _done, value);

    /// <summary>Gives the terminal back.</summary>
    public void Dispose()
    {
        if (_timer is not null)
        {
            using var ended = new ManualResetEvent(false);
            if (_timer.Dispose(ended))
            {
                ended.WaitOne();
            }
        }
        _live?.Dispose();
        _heartbeat?.Dispose();
    }

    private string Line()
    {
        double done = Volatile.Read(ref _done);
        return $"{_work}{(done > 0 ? $", {done:p0}" : "")}, {ProgressLine.Clock(_since.Elapsed)} so far";
    }
}
