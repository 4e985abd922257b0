using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ErLoss.Training.Settings;

/// <summary>A document as text: a JSON object with an object for each section.</summary>
internal static class DocumentText
{
    /// <summary>The member by which an editor finds the schema; it is no setting.</summary>
    private const string SchemaMember = "$schema";

    private static readonly JsonDocumentOptions s_reading =
        new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    private static readonly JsonSerializerOptions s_writing = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The values in a text, by their paths.</summary>
    /// <exception cref="JsonException">The text is not an object in JSON.</exception>
    public static IReadOnlyList<(string Path, JsonElement Value)> Members(string json)
    {
        using JsonDocument document = Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? [.. Members(document.RootElement.Clone(), "").Where(member => member.Path != SchemaMember)]
            : throw new JsonException("an object is wanted.");
    }

    /// <summary>A text with other values in place of some of its words.</summary>
    /// <param name="json">The text.</param>
    /// <param name="change">Given a path and the word there, the new word; null for the same.</param>
    /// <returns>The text itself if nothing changes.</returns>
    /// <exception cref="JsonException">The text is not an object in JSON.</exception>
    public static string Change(string json, Func<string, string, string?> change)
    {
        (string Path, string Value)[] changed =
        [
            .. from member in Members(json)
               where member.Value.ValueKind == JsonValueKind.String
               let value = change(member.Path, member.Value.GetString()!)
               where value is not null
               select (member.Path, value),
        ];
        if (changed.Length == 0)
        {
            return json;
        }
        JsonNode root = JsonNode.Parse(json, documentOptions: s_reading)!;
        foreach ((string path, string value) in changed)
        {
            string[] way = path.Split('.');
            way[..^1].Aggregate(root, (section, name) => section[name]!)[way[^1]] = value;
        }
        return root.ToJsonString(s_writing);
    }

    /// <summary>The text of settings with their values. Null is written too: what a text leaves out, it leaves to what it is read over.</summary>
    public static string Write(IEnumerable<(Setting Setting, object? Value)> settings)
    {
        var root = new JsonObject();
        foreach ((Setting setting, object? value) in settings)
        {
            string[] way = setting.Path.Split('.');
            JsonObject section = root;
            foreach (string name in way[..^1])
            {
                section[name] ??= new JsonObject();
                section = section[name]!.AsObject();
            }
            section[way[^1]] = value is null ? null : setting.Type.Write(value);
        }
        return $"{root.ToJsonString(s_writing)}\n";
    }

    private static IEnumerable<(string Path, JsonElement Value)> Members(JsonElement section, string prefix) =>
        section.EnumerateObject().Select(Checked).SelectMany(member => member.Value.ValueKind == JsonValueKind.Object && member.Value.EnumerateObject().Any()
            ? Members(member.Value, $"{prefix}{member.Name}.")
            : [($"{prefix}{member.Name}", member.Value)]);

    private static JsonDocument Parse(string json)
    {
        try
        {
            return JsonDocument.Parse(json, s_reading);
        }
        catch (InvalidOperationException e) // thrown for half a character in a name
        {
            throw new JsonException("a name in it is not Unicode.", e);
        }
    }

    /// <summary>Refuses what JSON's grammar allows and no setting can be: half a character, a character of code zero, and a name with a dot, which would pass for a path.</summary>
    private static JsonProperty Checked(JsonProperty member)
    {
        string name, value;
        try
        {
            name = member.Name;
            value = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : "";
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a name or a text in it is not Unicode.", e);
        }
        return name.Contains('.', StringComparison.Ordinal) ? throw new JsonException($"'{name}' is no name of a setting or a section; a section is an object with its settings in it.")
            : name.Contains('\0', StringComparison.Ordinal) || value.Contains('\0', StringComparison.Ordinal) ? throw new JsonException($"'{name}' holds the character of code zero.")
            : member;
    }
}
