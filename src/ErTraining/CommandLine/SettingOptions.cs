using System.CommandLine;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Settings;
using ErTraining.Terminal;

namespace ErTraining.CommandLine;

/// <summary>The options of a command that are settings of a run, and <c>--config</c>; what a command line gives of them becomes settings here.</summary>
internal sealed class SettingOptions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private readonly Registry _registry;
    private readonly IReadOnlyList<SettingOption> _options;
    private readonly Option<string?> _config = Options.Text(
        "--config", "Start from the settings in this file, whole or partial: JSON, as a run's config.json has it; comments are allowed. Other options change them.", "FILE");

    /// <summary>Options for some settings.</summary>
    /// <param name="registry">The kinds there are.</param>
    /// <param name="isWanted">Which settings get an option; all if null.</param>
    /// <param name="own">What the command says of settings in place of what they say of themselves, by their words.</param>
    public SettingOptions(Registry registry, Func<Setting, bool>? isWanted = null, IReadOnlyDictionary<string, OptionHelp>? own = null)
    {
        _registry = registry;
        IReadOnlyList<Setting> all = registry.Document.Settings;
        _options =
        [
            .. from setting in all
               where setting.Attribute.IsOption && (isWanted is null || isWanted(setting))
               group setting by setting.Word into same
               select new SettingOption([.. same], all, same.Key == "preset" ? $" {Presets()}." : "", own?.GetValueOrDefault(same.Key)),
        ];
    }

    /// <summary>All of them, in the order that help lists them.</summary>
    public IEnumerable<Option> All => _options.SelectMany(option => option.Options);

    /// <summary><c>--config</c>.</summary>
    public Option Config => _config;

    /// <summary>What a command line gives, by the settings' words.</summary>
    public IReadOnlyList<(string Word, string Value)> Given(ParseResult parsed) =>
        [.. from option in _options let value = option.Given(parsed) where value is not null select (option.Word, value)];

    /// <summary>The name under which a command line gives a setting; null if it does not.</summary>
    public string? GivenName(ParseResult parsed, string word) => _options.FirstOrDefault(option => option.Word == word)?.GivenName(parsed);

    /// <summary>
    /// What messages call a setting: the option that the command line gives or could give; where the settings come from a file of <c>--config</c> and the command line does not give this one, its word.
    /// </summary>
    public Func<string, string> NamesIn(ParseResult parsed) => word =>
        GivenName(parsed, word) ?? (HasConfig(parsed) ? null : _options.FirstOrDefault(option => option.Word == word)?.Name) ?? SettingName.Of(word);

    /// <summary>The settings of a new run: an option that was given, else what <c>--config</c> says, else the preset, else the default.</summary>
    /// <exception cref="UsageException">An option is not sound or has no meaning.</exception>
    /// <exception cref="DataException">The file is not sound.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public RunSettings Fresh(ParseResult parsed, CancellationToken cancellation = default) =>
        InWords(parsed, () => FreshRun.Compose(_registry, Given(parsed), ConfigText(parsed, cancellation)));

    /// <summary>The text of the file that <c>--config</c> names; null if it names none.</summary>
    /// <exception cref="DataException">The file is not sound.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public string? ConfigText(ParseResult parsed, CancellationToken cancellation = default)
    {
        if (!HasConfig(parsed))
        {
            return null;
        }
        string file = parsed.GetValue(_config)!, json = Text(file, cancellation);
        SettingsFile.Parse(file, json, _registry); // for its own faults, which are not the command line's
        return json;
    }

    /// <summary>Whether a command line has <c>--config</c>.</summary>
    public bool HasConfig(ParseResult parsed) => parsed.GetResult(_config) is { Implicit: false };

    /// <summary>What <paramref name="work"/> gives; an error of a setting becomes one of the option that was given for it.</summary>
    /// <exception cref="UsageException">A setting is not sound.</exception>
    public T InWords<T>(ParseResult parsed, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SettingsException e)
        {
            throw UsageException.Of(GivenName(parsed, e.Word) ?? e.Path, e);
        }
    }

    /// <summary>A file's text. The file may be a pipe that nobody has written into yet, or a terminal: that is then said, and the waiting can be ended.</summary>
    private string Text(string file, CancellationToken cancellation)
    {
        var reading = Task.Run(() => SettingsFile.ReadText(file, _registry), CancellationToken.None);
        if (Task.WaitAny([reading], (int)s_patience.TotalMilliseconds, cancellation) < 0)
        {
            using var work = new ActivityLine($"waiting for the settings in {file}");
            Task.WaitAny([reading], cancellation);
        }
        return reading.GetAwaiter().GetResult();
    }

    private string Presets() =>
        string.Join("; ", _registry.Methods.Where(method => method.Value.Presets.Count > 0).Select(method => $"{method.Key}: {string.Join(", ", method.Value.Presets.Keys)}"));
}
