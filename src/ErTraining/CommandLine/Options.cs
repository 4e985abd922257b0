using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

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
            result.AddError($"{name} is {text}; {wanted} is wanted.");
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
        string name, string description, Predicate<double> valid, string wanted, IReadOnlyList<T> usual) =>
        List(
            name,
            $"{description} [default: {string.Join(',', usual)}]",
            "N,N…",
            text => TryRead(text, valid, out T? number) ? (true, number) : (false, default),
            $"{wanted}, or several with commas between, is wanted");

    /// <summary>Words out of some, with commas between, none of them twice; null where the option is not given.</summary>
    /// <param name="name">Of the option.</param>
    /// <param name="description">For its help.</param>
    /// <param name="choices">Each word and what it stands for.</param>
    /// <param name="usual">For its help: what is meant where the option is not given.</param>
    public static Option<IReadOnlyList<T>?> Choices<T>(
        string name, string description, IReadOnlyList<(string Word, T Value)> choices, IReadOnlyList<T> usual) =>
        List(
            name,
            $"{description} [default: {string.Join(',', usual.Select(value => choices.First(choice => Equals(choice.Value, value)).Word))}]",
            string.Join(',', choices.Select(choice => choice.Word)),
            text => choices.Where(choice => choice.Word == text).Select(choice => (true, (T?)choice.Value)).FirstOrDefault((false, default)),
            $"some of {string.Join(", ", choices.Select(choice => choice.Word))} are wanted, with commas between");

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

    private static Option<IReadOnlyList<T>?> List<T>(
        string name, string description, string helpName, Func<string, (bool IsValid, T? Value)> read, string wanted) => new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result =>
            {
                string text = result.Tokens.Single().Value;
                string[] words = text.Split(',', StringSplitOptions.TrimEntries);
                (bool IsValid, T? Value)[] values = [.. words.Select(read)];
                if (Array.FindIndex(values, value => !value.IsValid) is >= 0 and var stray)
                {
                    result.AddError($"{name} {(text.Length == 0 ? "is empty" : $"has '{words[stray]}'")}; {wanted}.");
                    return null;
                }
                T[] all = [.. values.Select(value => value.Value!)];
                if (all.Distinct().Count() < all.Length)
                {
                    result.AddError($"{name} is {text}; nothing can stand there twice.");
                }
                return all;
            },
        };

    private static bool TryRead<T>(string text, Predicate<double> valid, [NotNullWhen(true)] out T? value)
    {
        object? number =
            (Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T)) == typeof(int)
                ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole) ? whole : null
                : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? real : null;
        bool isValid = number is not null && valid(Convert.ToDouble(number));
        value = isValid ? (T?)number : default;
        return isValid && value is not null;
    }
}
