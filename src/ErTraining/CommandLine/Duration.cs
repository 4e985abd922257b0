using System.Globalization;
using System.Text.RegularExpressions;

namespace ErTraining.CommandLine;

/// <summary>Lengths of time as people and schedulers write them.</summary>
internal static partial class Duration
{
    /// <summary>What is understood, for messages.</summary>
    public const string Wanted = "a time up to 49d such as 3h50m, 90m, 45s or 1:30:00";

    /// <summary>The longest that timers know: 49 days.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(49);

    /// <summary>Reads "3h50m", "90m", "45s", "1d12h", "1:30:00" or, as Slurm has it, "1-12:00:00".</summary>
    /// <returns>Null if it is none of these, zero, or longer than 49 days.</returns>
    public static TimeSpan? Parse(string text)
    {
        Match match = Units().Match(text);
        if (!match.Success)
        {
            match = ClockTime().Match(text);
        }
        if (!match.Success)
        {
            return null;
        }
        double seconds = 86400 * Number("d") + 3600 * Number("h") + 60 * Number("m") + Number("s");
        return seconds > 0 && seconds <= s_longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;

        double Number(string unit) => match.Groups[unit] is { Success: true } group ? double.Parse(group.Value, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(@"^(?=.)((?<d>[0-9]+)d)?((?<h>[0-9]+)h)?((?<m>[0-9]+)m)?((?<s>[0-9]+)s)?\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Units();

    [GeneratedRegex(@"^((?<d>[0-9]+)-)?(?<h>[0-9]+):(?<m>[0-5][0-9]):(?<s>[0-5][0-9])\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex ClockTime();
}
