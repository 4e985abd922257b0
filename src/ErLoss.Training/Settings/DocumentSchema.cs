using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ErLoss.Training.Settings;

/// <summary>Writes the JSON schema of a document, from which an editor completes a file and marks what is wrong in it.</summary>
internal static class DocumentSchema
{
    private static readonly JsonSerializerOptions s_writing = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema as text.</summary>
    /// <param name="document">The document's record.</param>
    /// <param name="kinds">All kinds that its sections can be.</param>
    /// <param name="settings">All its settings.</param>
    public static string Write(Type document, IReadOnlyList<Kind> kinds, IReadOnlyList<Setting> settings)
    {
        JsonObject root = Section(document, null, "", kinds, settings);
        root["properties"]!.AsObject().Insert(0, "$schema", new JsonObject { ["type"] = "string" });
        root.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        return root.ToJsonString(s_writing);
    }

    private static JsonObject Section(Type section, Kind? kind, string prefix, IReadOnlyList<Kind> kinds, IReadOnlyList<Setting> settings)
    {
        var properties = new JsonObject();
        if (kind is not null)
        {
            properties[Setting.NameMember] = new JsonObject { ["const"] = kind.Name };
        }
        foreach (PropertyInfo property in SettingsWalk.Properties(section))
        {
            string name = Setting.NameOf(property), path = prefix + name;
            bool isKind = property.PropertyType.IsAbstract && property.PropertyType.IsAssignableTo(typeof(Section));
            if (!property.PropertyType.IsAssignableTo(typeof(Section)))
            {
                properties[name] = Leaf(settings.First(setting => setting.Path == path && (kind is null || setting.Owner?.Name == kind.Name)));
            }
            else if (isKind)
            {
                properties[name] = new JsonObject
                {
                    ["description"] = settings.First(setting => setting.Path == $"{path}.{Setting.NameMember}").Attribute.Help,
                    ["anyOf"] = new JsonArray(
                        [.. kinds.Where(choice => choice.Base == property.PropertyType).Select(choice => (JsonNode)Section(choice.Type, choice, $"{path}.", kinds, settings))]),
                };
            }
            else
            {
                properties[name] = Inner(property.PropertyType, kind, $"{path}.", kinds, settings);
            }
        }
        return new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
    }

    /// <summary>A section that is the only one of its kind within another: its settings belong to the same kind, but it has no name.</summary>
    private static JsonObject Inner(Type section, Kind? kind, string prefix, IReadOnlyList<Kind> kinds, IReadOnlyList<Setting> settings)
    {
        JsonObject inner = Section(section, kind, prefix, kinds, settings);
        inner["properties"]!.AsObject().Remove(Setting.NameMember);
        return inner;
    }

    private static JsonObject Leaf(Setting setting)
    {
        JsonObject schema = setting.Type.Schema();
        if (setting.CanBeNull)
        {
            schema = new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
        }
        string note = setting.Attribute.GoesWith is { } condition ? $" It goes with {condition}." : "";
        schema.Insert(0, "description", setting.Attribute.Help + note);
        if (setting.Default is { } value)
        {
            schema["default"] = setting.Type.Write(value);
        }
        return schema;
    }
}
