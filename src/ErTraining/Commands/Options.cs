using System.CommandLine;
using System.Globalization;

namespace ErTraining.Commands;

/// <summary>Command-line options that check their values as they are read.</summary>
internal static class Options
{
    /// <summary>A number within bounds, "1" … "int.MaxValue" and the like.</summary>
    public static Option<T> Number<T>(string name, string description, string helpName, Predicate<double> valid, string wanted, T fallback)
    {
        var option = new Option<T>(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token]
                && double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && !valid(value))
            {
                result.AddError($"{name} is {token.Value}; {wanted} is wanted.");
            }
        });
        return option;
    }

    /// <summary>One of some words.</summary>
    public static Option<string> Choice(string name, string description, string fallback, params IEnumerable<string> choices)
    {
        string[] all = [.. choices];
        var option = new Option<string>(name) { Description = description, HelpName = string.Join('|', all), DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !all.Contains(token.Value))
            {
                result.AddError($"{name} is '{token.Value}'; {(all.Length == 1 ? "only" : "one of")} {string.Join(", ", all)} is wanted.");
            }
        });
        return option;
    }

    /// <summary>A flag, off unless given.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>Any text.</summary>
    public static Option<string?> Text(string name, string description, string helpName, string? fallback = null) =>
        new(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => fallback };
}
