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
        using JsonDocument document = JsonDocument.Parse(json, s_reading);
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
        section.EnumerateObject().SelectMany(member => member.Value.ValueKind == JsonValueKind.Object && member.Value.EnumerateObject().Any()
            ? Members(member.Value, $"{prefix}{member.Name}.")
            : [($"{prefix}{member.Name}", member.Value)]);
}
