using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ErLoss.Training.Settings;

namespace ErTraining.CommandLine;

/// <summary>Command-line options that check their values as they are read.</summary>
internal static class Options
{
    /// <summary>A whole number (T is int or int?) or a real one (double or double?), written the invariant way, within bounds.</summary>
    public static Option<T> Number<T>(string name, string description, string helpName, Predicate<double> valid, string wanted, T fallback) => new(name)
    {
        Description = description,
        HelpName = helpName,
        DefaultValueFactory = _ => fallback,
        CustomParser = result =>
        {
            string text = result.Tokens.Single().Value;
            if (TryRead(text, valid, out T? number))
            {
                return number;
            }
            result.AddError($"{name} is {text}; {NumberBounds.Named(wanted, text, IsWhole<T>())} is wanted.");
            return fallback;
        },
    };

    /// <summary>Numbers, each as <see cref="Number"/> reads it, with commas between, none of them twice; null where the option is not given.</summary>
    /// <param name="name">Of the option.</param>
    /// <param name="description">For its help.</param>
    /// <param name="valid">Bounds of each.</param>
    /// <param name="wanted">Them in words.</param>
    /// <param name="usual">For its help: what is meant where the option is not given.</param>
    public static Option<IReadOnlyList<T>?> Numbers<T>(
        string name, string description, Predicate<double> valid, string wanted, IReadOnlyList<T> usual) => new(name)
        {
            Description = $"{description} [default: {string.Join(',', usual)}]",
            HelpName = "N,N…",
            CustomParser = result =>
            {
                string text = result.Tokens.Single().Value;
                var numbers = new List<T>();
                foreach (string word in text.Split(',', StringSplitOptions.TrimEntries))
                {
                    if (!TryRead(word, valid, out T? number))
                    {
                        result.AddError($"{name} {(text.Length == 0 ? "is empty" : $"has '{word}'")}; {wanted}, or several with commas between, is wanted.");
                        return null;
                    }
                    numbers.Add(number);
                }
                if (numbers.Distinct().Count() < numbers.Count)
                {
                    result.AddError($"{name} is {text}; nothing can stand there twice.");
                }
                return numbers;
            },
        };

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

    /// <summary>Any text but none.</summary>
    public static Option<string?> Text(string name, string description, string helpName, string? fallback = null)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = helpName };
        if (fallback is not null)
        {
            option.DefaultValueFactory = _ => fallback;
        }
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && string.IsNullOrWhiteSpace(token.Value))
            {
                result.AddError($"{name} is empty; {helpName} is wanted.");
            }
        });
        return option;
    }

    private static bool IsWhole<T>() => (Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T)) == typeof(int);

    private static bool TryRead<T>(string text, Predicate<double> valid, [NotNullWhen(true)] out T? value)
    {
        object? number =
            IsWhole<T>()
                ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole) ? whole : null
                : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? real : null;
        bool isValid = number is not null && valid(Convert.ToDouble(number));
        value = isValid ? (T?)number : default;
        return isValid && value is not null;
    }
}
