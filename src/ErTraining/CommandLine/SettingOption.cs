using System.CommandLine;
using ErLoss.Training.Settings;

namespace ErTraining.CommandLine;

/// <summary>
/// The option of a setting, derived from the setting: <c>--batch-size N</c>; <c>--learn-kappa</c> for a flag that is off, <c>--no-centering</c> for one that is on;
/// and <c>--no-tf32</c> beside <c>--tf32</c> where a setting has a negation.
/// </summary>
internal sealed class SettingOption
{
    private readonly Setting _setting;
    private readonly Option<string?> _option;
    private readonly Option<bool>? _negation;
    private readonly bool _isInverted;

    /// <summary>The option of a word.</summary>
    /// <param name="settings">All settings that the word sets, each in another kind.</param>
    /// <param name="all">All settings of the document.</param>
    /// <param name="note">Ends the description.</param>
    /// <param name="own">What the command says of it; null for what the setting says.</param>
    public SettingOption(IReadOnlyList<Setting> settings, IReadOnlyList<Setting> all, string note, OptionHelp? own = null)
    {
        _setting = settings[0];
        bool isFlag = _setting.Type is FlagType;
        _isInverted = isFlag && settings.All(setting => setting.Default is true);
        string name = NameOf(_setting.Word), help = own?.Meaning ?? _setting.Attribute.Help;
        _option = new Option<string?>(_isInverted ? Negation(name) : name)
        {
            Description = $"{(_isInverted ? $"Do not {char.ToLowerInvariant(help[0])}{help[1..]}" : help)}{SettingHelp.Owners(settings, all)}{(own?.Default is { } fallback ? SettingHelp.Default(fallback) : SettingHelp.Default(settings))}{note}",
            HelpName = _setting.Type.Placeholder,
            Arity = isFlag || _setting.Attribute.Alone is not null ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
        };
        if (_setting.Attribute.Negated is { } negated)
        {
            _negation = CommandLine.Options.Flag(Negation(name), $"The same as {name} {negated}.");
        }
    }

    /// <summary>The word of the setting.</summary>
    public string Word => _setting.Word;

    /// <summary>The name of the option.</summary>
    public string Name => _option.Name;

    /// <summary>What the command line has for it.</summary>
    public IEnumerable<Option> Options => _negation is null ? [_option] : [_option, _negation];

    /// <summary>An option's name for a setting's word.</summary>
    public static string NameOf(string word) => $"--{word.Replace('_', '-')}";

    /// <summary>The value that a command line gives, as a word; null if it gives none.</summary>
    /// <exception cref="UsageException">It gives the setting and its negation.</exception>
    public string? Given(ParseResult parsed)
    {
        bool isNegated = _negation is not null && parsed.GetValue(_negation);
        if (parsed.GetResult(_option) is not { Implicit: false } result)
        {
            return isNegated ? _setting.Attribute.Negated : null;
        }
        if (isNegated)
        {
            throw new UsageException($"{_option.Name} and {_negation!.Name} do not go together; leave one of them out.");
        }
        string value = result.Tokens is [var token] ? token.Value : _setting.Attribute.Alone ?? "true";
        return _isInverted && bool.TryParse(value, out bool flag) ? flag ? "false" : "true" : value;
    }

    /// <summary>The name under which a command line gives the setting; null if it does not.</summary>
    public string? GivenName(ParseResult parsed) => Options.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false })?.Name;

    private static string Negation(string name) => $"--no-{name["--".Length..]}";
}
