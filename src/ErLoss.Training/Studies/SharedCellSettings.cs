using System.Text.Json;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Studies;

/// <summary>What the cells of a study have in common. It makes the document of each cell, which takes of it what means something for the cell's method and loss.</summary>
/// <param name="registry">The kinds there are.</param>
/// <param name="shared">Settings of all cells by their words.</param>
/// <param name="json">A whole or partial document of the settings that all cells start from, if there is one.</param>
internal sealed class SharedCellSettings(Registry registry, IReadOnlyList<(string Word, string Value)> shared, string? json = null)
{
    private readonly Document<RunSettings> _document = registry.Document;
    private readonly Dictionary<string, SettingsException?> _misfits = [];

    /// <summary>The kinds there are.</summary>
    public Registry Registry => registry;

    /// <summary>The shared settings that decide what cells come to, as "word=value"; those of the document first, by their paths.</summary>
    public IReadOnlyList<string> Deciding =>
    [
        .. from member in json is null ? [] : DocumentText.Members(json)
           where _document.Settings.Any(setting => setting.Path == member.Path && setting.Attribute is { DecidesResult: true, IsOption: true })
           select $"{member.Path}={(member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : member.Value.GetRawText())}",
        .. from setting in shared
           where _document.Settings.Any(of => of.Word == setting.Word && of.Attribute.DecidesResult)
           select $"{setting.Word}={setting.Value}",
    ];

    private IEnumerable<(string Word, string Value)> Kinds => shared.Where(setting => _document.Settings.Any(of => of.IsKind && of.Word == setting.Word));

    /// <summary>The shared settings that mean something whatever the method, in a document of the defaults.</summary>
    /// <exception cref="SettingsException">One is not sound.</exception>
    public RunSettings Common()
    {
        HashSet<string> ofMethods = [.. _document.Settings.Where(setting => setting.Owner?.Word == StudyAxis.Method).Select(setting => setting.Word)];
        return _document.With(Bare([]), shared.Where(setting => !ofMethods.Contains(setting.Word)));
    }

    /// <summary>Whether a setting is said to be the same for all cells.</summary>
    public bool Says(string word) => shared.Any(setting => setting.Word == word) || OfDocument(word) is not null;

    /// <summary>The value of a setting in the document that all cells start from; null if it says nothing of it.</summary>
    public string? OfDocument(string word) => (
        from member in json is null ? [] : DocumentText.Members(json)
        from setting in _document.Settings
        where setting.Path == member.Path && setting.Word == word
        select setting.Type.Format(setting.Read(member.Value)!)).FirstOrDefault();

    /// <summary>Why a cell cannot have some settings together; null if it can.</summary>
    public SettingsException? Misfit(IEnumerable<AxisValue> values) => Attempt(() => Bare(values));

    /// <summary>The document of a cell: its own settings, and the shared ones that it can have.</summary>
    public RunSettings Cell(IEnumerable<AxisValue> values)
    {
        AxisValue[] own = [.. values];
        RunSettings bare = Bare(own);
        var fitting = new List<(string Word, string Value)>();
        foreach ((string Word, string Value) setting in Besides(shared, own))
        {
            SettingsException? misfit = Attempt(() => _document.With(bare, [setting]));
            if (misfit is null)
            {
                fitting.Add(setting);
                _misfits[setting.Word] = null;
            }
            else
            {
                _misfits.TryAdd(setting.Word, misfit);
            }
        }
        return _document.With(bare, fitting);
    }

    /// <summary>Refuses a shared setting that none of the cells made so far could have.</summary>
    /// <exception cref="SettingsException">There is one.</exception>
    public void CheckUse()
    {
        if (_misfits.Values.FirstOrDefault(misfit => misfit is not null) is { } useless)
        {
            throw useless;
        }
    }

    private static SettingsException? Attempt(Func<RunSettings> make)
    {
        try
        {
            make();
            return null;
        }
        catch (SettingsException e)
        {
            return e;
        }
    }

    /// <summary>The shared settings that a cell has not of its own, as those of an arm are.</summary>
    private static IEnumerable<(string Word, string Value)> Besides(IEnumerable<(string Word, string Value)> settings, IEnumerable<AxisValue> own) =>
        settings.Where(setting => !own.Any(value => value.Words.Any(of => of.Word == setting.Word)));

    private RunSettings Bare(IEnumerable<AxisValue> values)
    {
        AxisValue[] own = [.. values];
        return FreshRun.Compose(registry, [.. Besides(Kinds, own), .. own.SelectMany(value => value.Words)], json);
    }
}
