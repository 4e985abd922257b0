using System.Text.Json;
using System.Text.Json.Serialization;

namespace ErLoss.Training.Runs;

/// <summary>How the program's JSON files look: snake_case members, enumerations by the words of the command line, what is null left out.</summary>
internal static class JsonFormat
{
    /// <summary>On one line.</summary>
    public static readonly JsonSerializerOptions Line = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(new CommandLineNames()) },
    };

    /// <summary>Indented.</summary>
    public static readonly JsonSerializerOptions Document = new(Line) { WriteIndented = true };

    /// <summary>A record's members as the files name and write them, to be shown.</summary>
    public static IEnumerable<(string Name, string Value)> Describe<T>(T record) =>
        from member in JsonSerializer.SerializeToElement(record, Line).EnumerateObject()
        select (member.Name, Words(member.Value));

    private static string Words(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => string.Join(' ', value.EnumerateArray().Select(Words)),
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };

    /// <summary>"er", "plugin", "adamw".</summary>
    private sealed class CommandLineNames : JsonNamingPolicy
    {
        public override string ConvertName(string name) => name.ToLowerInvariant();
    }
}
