using System.Globalization;
using System.Text.Json;

namespace ErLoss.Training.Settings;

/// <summary>
/// The one door that a settings document goes through, whoever filled it: a command line, a file, a preset, a study. It knows all settings of all kinds, changes
/// documents, reads and writes them, and lets none through that is not sound.
/// </summary>
/// <typeparam name="T">The document's record; its constructor without parameters gives the defaults.</typeparam>
internal sealed class Document<T>
    where T : Section, new()
{
    private readonly Lazy<string> _schema;

    /// <summary>A door for documents whose sections are of these kinds.</summary>
    /// <exception cref="ArgumentException">Two settings that one document can have bear the same word.</exception>
    public Document(IReadOnlyList<Kind> kinds)
    {
        Settings = [.. SettingsWalk.Settings(new T(), kinds)];
        _schema = new Lazy<string>(() => DocumentSchema.Write(typeof(T), kinds, Settings));
        var twice = (from setting in Settings
                     group setting by setting.Word into same
                     from first in same
                     from second in same
                     where first.Path != second.Path && CanBeTogether(first.Owner, second.Owner)
                     select (first, second)).FirstOrDefault();
        if (twice.first is not null)
        {
            throw new ArgumentException($"'{twice.first.Path}' and '{twice.second.Path}' are both set by the word '{twice.first.Word}'; give one of them another Word.", nameof(kinds));
        }
    }

    /// <summary>All settings that documents can have.</summary>
    public IReadOnlyList<Setting> Settings { get; }

    /// <summary>The settings that mean something in a document: those of its kinds, but for those whose condition is not met.</summary>
    public IEnumerable<Setting> In(T document) => Settings.Where(setting => IsIn(document, setting));

    /// <summary>Whether a word means something in a document.</summary>
    public bool HasMeaning(T document, string word) => In(document).Any(setting => setting.Word == word);

    /// <summary>The setting of a word in a document.</summary>
    /// <exception cref="SettingsException">The word has no meaning there.</exception>
    public Setting Find(T document, string word) =>
        In(document).FirstOrDefault(setting => setting.Word == word) ?? throw NoMeaning(document, word, Settings.Where(setting => setting.Word == word));

    /// <summary>The name of a kind's record.</summary>
    public string NameOf(Section section) =>
        Settings.Select(setting => setting.Type).OfType<KindType>().SelectMany(type => type.Kinds).First(kind => kind.Type == section.GetType()).Name;

    /// <summary>A document with other values: first the kinds that are named, each with its own defaults unless the section was of that kind already, then the rest.</summary>
    /// <param name="start">The document to change.</param>
    /// <param name="words">Settings by their words, with values as words.</param>
    /// <exception cref="SettingsException">A word or a value is not sound, or has no meaning for the kinds.</exception>
    public T With(T start, IEnumerable<(string Word, string Value)> words) =>
        Apply(start, [.. words.Select(word => new Entry(word.Word, setting => setting.Word == word.Word, setting => setting.Parse(word.Value)))]);

    /// <summary>A document with the values of a JSON text, whole or partial; comments and trailing commas are allowed.</summary>
    /// <param name="start">What holds where the text says nothing.</param>
    /// <param name="json">The text.</param>
    /// <exception cref="SettingsException">A member or a value is not sound, or has no meaning for the kinds.</exception>
    /// <exception cref="JsonException">The text is not an object in JSON.</exception>
    public T Read(T start, string json) => Apply(
        start,
        [
            .. from member in DocumentText.Members(json)
               where !IsEmptySection(member.Path, member.Value)
               select new Entry(member.Path, setting => setting.Path == member.Path || setting.Attribute.FormerPath == member.Path, setting => setting.Read(member.Value)),
        ]);

    /// <summary>A document as JSON, as <see cref="Read"/> understands it. Settings that have no meaning are left out.</summary>
    public string Write(T document) => DocumentText.Write(In(document).Select(setting => (setting, setting.Get(document))));

    /// <summary>A document with its relative paths changed.</summary>
    /// <param name="document">The document.</param>
    /// <param name="change">A path's new value.</param>
    public T WithPaths(T document, Func<string, string> change) => In(document)
        .Where(setting => setting.IsRelativePath(setting.Get(document)))
        .Aggregate(document, (changed, setting) => (T)setting.With(changed, change((string)setting.Get(changed)!)));

    /// <summary>A document's text with its relative paths changed; the text itself if it has none.</summary>
    /// <param name="json">The text, whole or partial.</param>
    /// <param name="change">A path's new value.</param>
    /// <exception cref="JsonException">The text is not an object in JSON.</exception>
    public string WithPaths(string json, Func<string, string> change) => DocumentText.Change(
        json, (path, value) => Settings.Any(setting => setting.Path == path && setting.IsRelativePath(value)) ? change(value) : null);

    /// <summary>A JSON schema of the documents, for editors.</summary>
    public string Schema() => _schema.Value;

    /// <summary>Lets a document through that was made by hand.</summary>
    /// <exception cref="SettingsException">It is not sound.</exception>
    public T Check(T document)
    {
        foreach (Setting setting in In(document))
        {
            setting.Check(document);
        }
        foreach ((string path, Section section) in DocumentSections.Enumerate(document))
        {
            if (section.Conflicts().FirstOrDefault() is { } conflict)
            {
                string member = string.Join('.', conflict.Property.Split('.').Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)), where = path.Length == 0 ? member : $"{path}.{member}";
                throw new SettingsException(where, In(document).FirstOrDefault(setting => setting.Path == where)?.Word ?? member, conflict.Problem);
            }
        }
        return document;
    }

    /// <summary>The first setting that decides what a run comes to and that two documents do not have alike; null if there is none.</summary>
    public SettingsDifference? Difference(T first, T second)
    {
        foreach (Setting setting in Settings.Where(setting => setting.Attribute.DecidesResult))
        {
            (bool InFirst, bool InSecond) there = (IsIn(first, setting), IsIn(second, setting));
            string one = there.InFirst ? setting.Show(first) : "none", other = there.InSecond ? setting.Show(second) : "none";
            if (there.InFirst && there.InSecond ? setting.Identity(first) != setting.Identity(second) : one != other)
            {
                return new SettingsDifference(setting.Path, setting.Word, one, other);
            }
        }
        return null;
    }

    private bool IsEmptySection(string path, JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && Settings.Any(setting => setting.Path.StartsWith($"{path}.", StringComparison.Ordinal));

    /// <summary>Whether one document can have the settings of two owners: not those of two kinds of the same section.</summary>
    private static bool CanBeTogether((string Word, string Name)? first, (string Word, string Name)? second) => first == second || first?.Word != second?.Word;

    private bool IsIn(T document, Setting setting) => setting.IsIn(document) && IsMet(setting, document);

    private bool IsMet(Setting setting, T document)
    {
        return setting.Attribute.GoesWith?.Split(' ') switch
        {
            [var word, "above", var bound] => Has(word, other => Number(other.Get(document)) > Number(bound)),
            [var word, var value] => Has(word, other => other.Show(document) == value),
            _ => true,
        };

        bool Has(string word, Func<Setting, bool> value) => Settings.Any(other => other.Word == word && other.IsIn(document) && value(other));

        static double Number(object? value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);
    }

    private T Apply(T start, IReadOnlyList<Entry> entries)
    {
        Section document = start;
        foreach (Entry entry in entries) // kinds first: what the others mean depends on them
        {
            if (Settings.FirstOrDefault(setting => setting.IsKind && entry.Names(setting) && setting.IsIn(document)) is { } kind)
            {
                document = kind.With(document, entry.Value(kind));
            }
        }
        Setting[] changed =
        [
            .. from entry in entries
               select Settings.FirstOrDefault(setting => entry.Names(setting) && setting.IsIn(document))
                   ?? throw NoMeaning(document, entry.Name, Settings.Where(entry.Names)),
        ];
        foreach ((Entry entry, Setting setting) in entries.Zip(changed).Where(pair => !pair.Second.IsKind))
        {
            document = setting.With(document, entry.Value(setting));
        }
        var result = (T)document;
        return changed.FirstOrDefault(setting => !IsMet(setting, result)) is { } unmet ? throw NoMeaning(result, unmet.Word, [unmet]) : Check(result);
    }

    private SettingsException NoMeaning(Section document, string name, IEnumerable<Setting> elsewhere)
    {
        Setting[] settings = [.. elsewhere];
        if (settings.Length == 0)
        {
            return new SettingsException(name, name, Unknown(name));
        }
        string[] owners =
        [
            .. from setting in settings
               where setting.Owner is not null && !setting.IsIn(document)
               group setting.Owner!.Value.Name by setting.Owner!.Value.Word into kinds
               select $"{kinds.Key} {string.Join(", ", kinds.Distinct())}",
        ];
        return settings[0].Error($"has no meaning here; it goes with {(owners.Length > 0 ? string.Join(" or ", owners) : settings[0].Attribute.GoesWith)}");
    }

    /// <summary>What is wrong with a path or a word that sets nothing.</summary>
    private string Unknown(string name)
    {
        if (Settings.Any(setting => setting.Path.StartsWith($"{name}.", StringComparison.Ordinal)))
        {
            return "is not a setting but a section; an object is wanted";
        }
        string section = name[..(name.LastIndexOf('.') + 1)];
        IEnumerable<string> inSection = Settings.Select(setting => setting.Path).Where(path => path.StartsWith(section, StringComparison.Ordinal));
        string[] names = [.. inSection.Select(path => path[section.Length..].Split('.')[0]).Distinct()];
        return $"is not a setting{(names.Length == 0 ? "" : $"; there are {string.Join(", ", names)}")}";
    }

    /// <summary>A value for a setting, however both are given.</summary>
    private sealed record Entry(string Name, Func<Setting, bool> Names, Func<Setting, object?> Value);
}
