using Spectre.Console;
using Spectre.Console.Rendering;

namespace ErTraining.Terminal;

/// <summary>The terminal's last lines, drawn anew in place until disposed; what was drawn last stays.</summary>
internal sealed class LiveArea : IDisposable
{
    private readonly TaskCompletionSource _finished = new();
    private readonly LiveDisplayContext _context;
    private readonly Task _display;

    private LiveArea(IRenderable first)
    {
        var started = new TaskCompletionSource<LiveDisplayContext>();
        _display = AnsiConsole.Live(first).StartAsync(context =>
        {
            started.SetResult(context);
            return _finished.Task;
        });
        _context = started.Task.GetAwaiter().GetResult();
    }

    /// <summary>Takes them over; null where output is no terminal.</summary>
    public static LiveArea? Take(string first) =>
        AnsiConsole.Profile.Capabilities is { Ansi: true, Interactive: true } && !Console.IsOutputRedirected ? new LiveArea(new Text(first)) : null;

    /// <summary>Draws this instead of what was there.</summary>
    public void Show(IRenderable content) => _context.UpdateTarget(content);

    /// <inheritdoc/>
    public void Dispose()
    {
        _finished.TrySetResult();
        _display.GetAwaiter().GetResult();
    }
}
