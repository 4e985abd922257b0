using System.Text.Json;
using System.Text.Json.Nodes;

namespace ErLoss.Training.Settings;

/// <summary>How values of a setting are read, written and described.</summary>
internal abstract class SettingType
{
    /// <summary>The values allowed, as the rest of a sentence: "a whole number from 0 up is wanted".</summary>
    public abstract string Wanted { get; }

    /// <summary>As <see cref="Wanted"/>, where a text was given in place of such a value.</summary>
    public virtual string WantedFor(string text) => Wanted;

    /// <summary>What stands for a value in the help: "N".</summary>
    public abstract string Placeholder { get; }

    /// <summary>A value from a word; false if it is none.</summary>
    public abstract bool TryParse(string text, out object? value);

    /// <summary>A value from JSON that is not null; false if it is none.</summary>
    public abstract bool TryRead(JsonElement json, out object? value);

    /// <summary>Whether a value that is not null is allowed.</summary>
    public abstract bool Allows(object value);

    /// <summary>The value as a word, which <see cref="TryParse"/> understands.</summary>
    public abstract string Format(object value);

    /// <summary>The value as JSON, which <see cref="TryRead"/> understands.</summary>
    public abstract JsonNode Write(object value);

    /// <summary>What a JSON schema says of the values.</summary>
    public abstract JsonObject Schema();

    /// <summary>A value in a message: words in quotation marks.</summary>
    public virtual string Quote(string value) => $"'{value}'";

    /// <summary>The type of a property.</summary>
    /// <param name="type">Its .NET type, without the mark that it may be null.</param>
    /// <param name="attribute">Its bounds.</param>
    /// <param name="kinds">Those that can stand there, if it is a section of several kinds.</param>
    public static SettingType Create(Type type, SettingAttribute attribute, IReadOnlyList<Kind> kinds) =>
        type == typeof(int) ? new NumberType(attribute, isWhole: true)
        : type == typeof(double) ? new NumberType(attribute, isWhole: false)
        : type == typeof(bool) ? new FlagType()
        : type == typeof(string) ? new TextType(attribute.Placeholder ?? "TEXT")
        : type.IsEnum ? new WordType(Enum.GetValues(type).Cast<object>().ToDictionary(value => value.ToString()!.ToLowerInvariant()))
        : type.IsAssignableTo(typeof(Section)) && type.IsAbstract ? new KindType(kinds)
        : throw new NotSupportedException($"A setting cannot be of type {type.Name}.");
}
