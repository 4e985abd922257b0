using System.Text.Json;
using System.Text.Json.Serialization;

namespace ErTraining.Reporting;

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

    /// <summary>"er", "plugin", "adamw".</summary>
    private sealed class CommandLineNames : JsonNamingPolicy
    {
        public override string ConvertName(string name) => name.ToLowerInvariant();
    }
}
