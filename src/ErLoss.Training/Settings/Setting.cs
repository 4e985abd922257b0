using System.Reflection;
using System.Text.Json;

namespace ErLoss.Training.Settings;

/// <summary>A setting as it is found by walking a document with all its kinds: where it stands, what it means, which values it takes.</summary>
internal sealed class Setting
{
    /// <summary>The member of a section of several kinds that says which of them it is.</summary>
    public const string NameMember = "name";

    private readonly IReadOnlyList<Step> _steps;

    /// <summary>A property on the way from the document to the setting.</summary>
    /// <param name="Section">The record that has the property: the kind itself, not one that it derives from.</param>
    /// <param name="Property">The property.</param>
    /// <param name="Kind">The kind that the section is one of several of; null if it is the only one.</param>
    internal sealed record Step(Type Section, PropertyInfo Property, Kind? Kind);

    /// <summary>A setting at the end of a way.</summary>
    /// <param name="steps">The way; the last is the setting's own property.</param>
    /// <param name="kinds">Those that can stand there, if it is a section of several kinds.</param>
    /// <param name="owner">The section that has it, with its defaults.</param>
    public Setting(IReadOnlyList<Step> steps, IReadOnlyList<Kind> kinds, Section owner)
    {
        _steps = steps;
        PropertyInfo property = steps[^1].Property;
        Attribute = property.GetCustomAttribute<SettingAttribute>()!;
        Word = Attribute.Word ?? NameOf(property);
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        Type = SettingType.Create(type, Attribute, kinds);
        string way = string.Join('.', steps.Select(step => NameOf(step.Property)));
        Path = IsKind ? $"{way}.{NameMember}" : way;
        CanBeNull = type != property.PropertyType || new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;
        Default = Value(property.GetValue(owner));
    }

    /// <summary>What its property says of it.</summary>
    public SettingAttribute Attribute { get; }

    /// <summary>The word that sets it: "ema".</summary>
    public string Word { get; }

    /// <summary>Where it stands in the document: "method.teacher.ema".</summary>
    public string Path { get; }

    /// <summary>Which values it takes.</summary>
    public SettingType Type { get; }

    /// <summary>Whether it need not have a value.</summary>
    public bool CanBeNull { get; }

    /// <summary>Its value where nobody sets it, in the kind that it belongs to.</summary>
    public object? Default { get; }

    /// <summary>Whether it says which of several kinds a section is.</summary>
    public bool IsKind => Type is KindType;

    /// <summary>The innermost kind that has it, with the word of the setting that chooses that kind; null of a setting that all documents have.</summary>
    public (string Word, string Name)? Owner =>
        _steps.Index().LastOrDefault(step => step.Item.Kind is not null) is { Item.Kind: { } kind, Index: var index } ? (NameOf(_steps[index - 1].Property), kind.Name) : null;

    /// <summary>Whether a document's kinds are such that it has this setting.</summary>
    public bool IsIn(Section document)
    {
        object? section = document;
        foreach (Step step in _steps)
        {
            if (section?.GetType() != step.Section)
            {
                return false;
            }
            section = step.Property.GetValue(section);
        }
        return true;
    }

    /// <summary>Its value in a document that has it; a section's type if it chooses a kind.</summary>
    public object? Get(Section document) => Value(_steps.Aggregate((object?)document, (section, step) => step.Property.GetValue(section)));

    /// <summary>The document with another value. Choosing another kind starts from that kind's defaults.</summary>
    public Section With(Section document, object? value)
    {
        if (Type is KindType { Kinds: var kinds })
        {
            return Equals(Get(document), value) ? document : With(document, 0, kinds.First(kind => kind.Type == (Type)value!).Create());
        }
        return With(document, 0, value);
    }

    /// <summary>Whether a value of it is a path that depends on the folder that the program was started in.</summary>
    public bool IsRelativePath(object? value) => Attribute.IsPath && value is string path && !Equals(path, Default) && path.Length > 0 && !System.IO.Path.IsPathRooted(path);

    /// <summary>Its value in a document as a word, to be compared with that of another document: of a path, its last name.</summary>
    public string Identity(Section document) => Attribute.IsPath ? System.IO.Path.GetFileName(Show(document)) : Show(document);

    /// <summary>Its value in a document as a word; "none" if it has none.</summary>
    public string Show(Section document) => Get(document) is { } value ? Type.Format(value) : "none";

    /// <summary>A value from a word.</summary>
    /// <exception cref="SettingsException">The word is not a value of this setting.</exception>
    public object Parse(string text) => Type.TryParse(text, out object? value) && Type.Allows(value!) ? value! : throw Refuse(text);

    /// <summary>A value from JSON.</summary>
    /// <exception cref="SettingsException">It is not a value of this setting.</exception>
    public object? Read(JsonElement json) =>
        json.ValueKind == JsonValueKind.Null && CanBeNull ? null
        : Type.TryRead(json, out object? value) && Type.Allows(value!) ? value
        : json.ValueKind == JsonValueKind.String ? throw Refuse(json.GetString()!)
        : throw Error($"is {json.GetRawText()}; {Type.WantedFor(json.GetRawText())}");

    /// <summary>Checks the value that it has in a document.</summary>
    /// <exception cref="SettingsException">It is out of bounds.</exception>
    public void Check(Section document)
    {
        object? value = Get(document);
        if (value is null ? !CanBeNull : !Type.Allows(value))
        {
            throw Refuse(value is null ? "null" : Type.Format(value));
        }
    }

    /// <summary>An error of this setting.</summary>
    public SettingsException Error(string problem) => new(Path, Word, problem);

    /// <summary>A property's name in the document: snake_case.</summary>
    public static string NameOf(PropertyInfo property) => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);

    private Section With(Section section, int depth, object? value)
    {
        PropertyInfo property = _steps[depth].Property;
        object? inner = depth == _steps.Count - 1 ? value : With((Section)property.GetValue(section)!, depth + 1, value);
        object copy = section.GetType().GetMethod("<Clone>$")!.Invoke(section, null)!; // what the language's own "with" calls
        property.SetValue(copy, inner);
        return (Section)copy;
    }

    private object? Value(object? property) => IsKind ? property!.GetType() : property;

    private SettingsException Refuse(string text) => Error(string.IsNullOrWhiteSpace(text) ? $"is empty; {Type.Wanted}" : $"is {Type.Quote(text)}; {Type.WantedFor(text)}");
}
