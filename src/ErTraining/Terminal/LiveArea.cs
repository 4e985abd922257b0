using Spectre.Console;
using Spectre.Console.Rendering;

namespace ErTraining.Terminal;

/// <summary>The terminal's last lines, drawn anew in place until disposed.</summary>
internal sealed class LiveArea : IDisposable
{
    private readonly TaskCompletionSource _finished = new();
    private readonly LiveDisplayContext _context;
    private readonly Task _display;

    private LiveArea(IRenderable first, bool clears)
    {
        var started = new TaskCompletionSource<LiveDisplayContext>();
        _display = AnsiConsole.Live(first).AutoClear(clears).StartAsync(context =>
        {
            started.SetResult(context);
            return _finished.Task;
        });
        _context = started.Task.GetAwaiter().GetResult();
    }

    /// <summary>Takes them over; null where output is no terminal.</summary>
    /// <param name="first">What is drawn first.</param>
    /// <param name="clears">Whether what was drawn last goes in the end; else it stays.</param>
    public static LiveArea? Take(string first, bool clears = false) =>
        AnsiConsole.Profile.Capabilities is { Ansi: true, Interactive: true } && !Console.IsOutputRedirected ? new LiveArea(new Text(first), clears) : null;

    /// <summary>Draws this instead of what was there.</summary>
    public void Show(IRenderable content) => _context.UpdateTarget(content);

    /// <inheritdoc/>
    public void Dispose()
    {
        _finished.TrySetResult();
        _display.GetAwaiter().GetResult();
    }
}
