namespace ErLoss.Training.Studies;

/// <summary>
/// Notes for how long things have not changed, by the clock of the one who looks, so that the clocks of machines need not agree. Only time in which it looked counts: after a look that came late, such as after the
/// file server did not answer or this machine slept, those watched get the time to show a change.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class SilenceWatch(TimeProvider time)
{
    /// <summary>How often a process shows that it is at work.</summary>
    public static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(10);

    /// <summary>After so long without a change a process is taken to be over.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan s_mostAtOnce = 2 * BeatInterval;

    private readonly Dictionary<string, Seen> _seen = [];

    /// <summary>Notes what something looks like now.</summary>
    /// <param name="name">What is looked at.</param>
    /// <param name="state">How it looks.</param>
    /// <returns>Whether it has looked so for longer than <see cref="Patience"/>.</returns>
    public bool IsSilent(string name, long state)
    {
        long now = time.GetTimestamp();
        TimeSpan silent = TimeSpan.Zero;
        if (_seen.TryGetValue(name, out Seen? seen) && seen.State == state)
        {
            TimeSpan since = time.GetElapsedTime(seen.At, now);
            silent = seen.Silent + (since < s_mostAtOnce ? since : s_mostAtOnce);
        }
        _seen[name] = new Seen(state, silent, now);
        return silent > Patience;
    }

    private sealed record Seen(long State, TimeSpan Silent, long At);
}
