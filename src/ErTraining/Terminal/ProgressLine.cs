using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>How far something is, and how long it will take yet.</summary>
internal static class ProgressLine
{
    private const int LongestBar = 30, ShortestBar = 10;

    /// <summary>A bar for the terminal, as long as there is room for it; without room the note goes.</summary>
    /// <param name="done">From 0 to 1.</param>
    /// <param name="timeLeft">Null while nobody can tell.</param>
    /// <param name="note">What else to say, without markup.</param>
    /// <param name="width">Characters of a line.</param>
    public static Markup Bar(double done, TimeSpan? timeLeft, string note, int width)
    {
        string text = $" {done:p0}  {(timeLeft is { } time ? $"{Clock(time)} left" : "time left not known yet")}", withNote = $"{text}; {note}";
        text = withNote.Length + ShortestBar < width ? withNote : text;
        int length = Math.Clamp(width - text.Length - 1, ShortestBar, LongestBar), filled = (int)Math.Round(done * length);
        return new Markup($" [green]{new string('━', filled)}[/][grey]{new string('━', length - filled)}[/]{text.EscapeMarkup()}");
    }

    /// <summary>"1:02:03" or "2:03".</summary>
    public static string Clock(TimeSpan time) =>
        time >= TimeSpan.FromHours(1) ? $"{(int)time.TotalHours}:{time:mm\\:ss}" : $"{time:m\\:ss}";
}
