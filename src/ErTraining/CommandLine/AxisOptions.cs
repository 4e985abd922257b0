using System.CommandLine;
using ErLoss.Training;
using ErLoss.Training.Settings;
using ErLoss.Training.Studies;

namespace ErTraining.CommandLine;

/// <summary>The options of a study that say what it varies: one for each axis of the paper's studies, and <c>--axis</c> for any other setting.</summary>
internal sealed class AxisOptions
{
    private const string Negation = "no_";

    private readonly Registry _registry;
    private readonly IReadOnlyList<PaperAxis> _ofPaper;
    private readonly Option<string[]> _any = new("--axis")
    {
        Description = "Another setting to vary, by its name or path in the settings document, with the values to compare. The first value is the reference. May be given several times.",
        HelpName = "NAME=V,V…",
    };

    private readonly Option<string[]> _arms = new("--arm")
    {
        Description = "A further form of each method, in a row of its own beside those of --objectives: a name of your choice and one or more settings, such as 'keep-own: keep-own=true' or 'large-queue: queue=4096 kappa=5'. The loss is er unless objective=native is among them. Methods that do not have all of the settings have no such row. May be given several times.",
        HelpName = "NAME: S=V S=V…",
    };

    /// <summary>The options, with defaults that are the paper's study at the size of a small machine.</summary>
    public AxisOptions(Registry registry)
    {
        _registry = registry;
        _ofPaper =
        [
            new(StudyAxis.Method, "--methods", "Methods to compare.", [.. registry.Methods.Where(method => method.Value.Stability.Count > 0).Select(method => method.Key)]),
            new(StudyAxis.Objective, "--objectives", "Losses that each method is trained with: that of its own paper (native) and entropy-reconstruction (er).", ["native", "er"]),
            new(StudyAxis.BatchSize, "--batch-sizes", "Batch sizes to compare. The largest one is the reference.", ["512", "64"]),
            new(
                StudyAxis.Ema,
                "--emas",
                "Coefficients of the teacher's moving average (EMA) to compare, for methods that have a teacher. They stay fixed unless --ema-schedule cosine is given. The first one is the reference.",
                ["0.99", "0.8"]),
            new(StudyAxis.Seed, "--seeds", "Seeds. Each variant is trained once with each seed.", ["0"]),
        ];
    }

    /// <summary>All of them, in the order that help lists them.</summary>
    public IEnumerable<Option> All => [.. _ofPaper.Select(axis => axis.Option), _any, _arms];

    /// <summary>The axes of a study; those of the paper have the value of the file of settings, or else their defaults, where nothing else is said of them.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="isShared">Whether the command line has a setting as the same for all cells.</param>
    /// <param name="ofFile">The value of a setting in the file of settings; null if it has none.</param>
    /// <exception cref="UsageException">An axis is not sound.</exception>
    public IReadOnlyList<StudyAxis> Read(ParseResult parsed, Func<string, bool> isShared, Func<string, string?> ofFile)
    {
        var given = new List<(string Name, StudyAxis Axis)>();
        foreach ((string name, string setting, string values) in Given(parsed))
        {
            if (setting.StartsWith(Negation, StringComparison.Ordinal) && setting[Negation.Length..] is var word && _registry.Document.Settings.Any(known => known.Word == word && known.Type is FlagType))
            {
                throw new UsageException($"{name} is an option that turns a setting off; {word}=true,false compares both."); // help shows no other name of it
            }
            StudyAxis axis = Named(name, () => StudyAxis.Checked(_registry.Document, setting, values.Split(',', StringSplitOptions.TrimEntries)));
            if (given.FirstOrDefault(other => other.Axis.Word == axis.Word).Name is { } other)
            {
                throw new UsageException($"{other} and {name} do not go together; leave one of them out.");
            }
            if (isShared(axis.Word))
            {
                throw new UsageException($"{name} and {SettingOption.NameOf(axis.Word)} do not go together; leave one of them out.");
            }
            given.Add((name, axis));
        }
        ILookup<string, StudyAxis> axes = given.Select(each => each.Axis).ToLookup(axis => axis.Word);
        IReadOnlyList<string> methods = axes[StudyAxis.Method].FirstOrDefault()?.Values ?? Usual(_ofPaper[0]);
        StudyAxis[] ofPaper =
        [
            .. from axis in _ofPaper
               from wanted in axes.Contains(axis.Word) ? axes[axis.Word] : HasMeaning(methods, axis.Word) ? [new StudyAxis(axis.Word, Usual(axis))] : (StudyAxis[])[]
               select wanted,
        ];
        return [.. ofPaper[..^1], .. given.Select(each => each.Axis).Where(axis => _ofPaper.All(usual => usual.Word != axis.Word)), ofPaper[^1]];

        IReadOnlyList<string> Usual(PaperAxis axis) => ofFile(axis.Word) is { } value ? [value] : axis.Usual;
    }

    /// <summary>The arms of a study.</summary>
    /// <exception cref="UsageException">An arm is not sound.</exception>
    public IReadOnlyList<StudyArm> Arms(ParseResult parsed)
    {
        try
        {
            return [.. (parsed.GetValue(_arms) ?? []).Select(text => StudyArm.Parse(_registry.Document, text))];
        }
        catch (SettingsException e)
        {
            throw UsageException.Of($"--{e.Path}", e); // which of the arms it is stands there
        }
    }

    /// <summary>What <paramref name="work"/> gives; an error of a setting that is varied becomes one of the option by which it is.</summary>
    /// <exception cref="UsageException">A setting that is varied is not sound.</exception>
    public T InWords<T>(ParseResult parsed, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SettingsException e) when (NameOf(parsed, e) is { } name)
        {
            throw UsageException.Of(name, e);
        }
    }

    private static T Named<T>(string name, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SettingsException e)
        {
            throw UsageException.Of(name, e);
        }
    }

    private bool HasMeaning(IEnumerable<string> methods, string word) =>
        methods.Any(method => _registry.Document.HasMeaning(new RunSettings { Method = _registry.Methods[method] }, word));

    private string? NameOf(ParseResult parsed, SettingsException error) => (
        from axis in Given(parsed)
        where axis.Setting == error.Word || axis.Setting == error.Path
        select axis.Name).FirstOrDefault();

    /// <summary>What the command line gives: how a message names the axis, the word or the path of its setting, and its values.</summary>
    private IEnumerable<(string Name, string Setting, string Values)> Given(ParseResult parsed)
    {
        foreach (PaperAxis axis in _ofPaper)
        {
            if (parsed.GetValue(axis.Option) is { } values)
            {
                yield return (axis.Option.Name, axis.Word, values);
            }
        }
        foreach (string text in parsed.GetValue(_any) ?? [])
        {
            yield return text.Split('=', 2) is [{ Length: > 0 } setting, var values]
                ? ($"{_any.Name} {setting}", setting.Replace('-', '_'), values) // as an option may be written, too
                : throw new UsageException($"{_any.Name} is '{text}'; a setting with its values is wanted, such as kappa=5,10,20.");
        }
    }

    /// <summary>An axis of the paper's studies.</summary>
    /// <param name="Word">The word of the setting.</param>
    /// <param name="Name">Of the option.</param>
    /// <param name="Help">For the option's description.</param>
    /// <param name="Usual">Values where none are given.</param>
    private sealed record PaperAxis(string Word, string Name, string Help, IReadOnlyList<string> Usual)
    {
        public Option<string?> Option { get; } = new(Name) { Description = $"{Help} [default: {string.Join(',', Usual)}]", HelpName = "V,V…" };
    }
}
