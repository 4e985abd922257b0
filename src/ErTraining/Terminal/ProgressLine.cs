using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>How far something is, and how long it will take yet.</summary>
internal static class ProgressLine
{
    private const int BarWidth = 30;

    /// <summary>A bar for the terminal.</summary>
    /// <param name="done">From 0 to 1.</param>
    /// <param name="timeLeft">Null while nobody can tell.</param>
    /// <param name="note">What else to say, without markup.</param>
    public static Markup Bar(double done, TimeSpan? timeLeft, string note)
    {
        int filled = (int)Math.Round(done * BarWidth);
        string left = timeLeft is { } time ? $"{Clock(time)} left" : "time left not known yet";
        return new Markup(
            $" [green]{new string('━', filled)}[/][grey]{new string('━', BarWidth - filled)}[/] {done:p0}  {left}; {note.EscapeMarkup()}");
    }

    /// <summary>"1:02:03" or "2:03".</summary>
    public static string Clock(TimeSpan time) =>
        time >= TimeSpan.FromHours(1) ? $"{(int)time.TotalHours}:{time:mm\\:ss}" : $"{time:m\\:ss}";
}
