using System.Text.Json;
using System.Text.Json.Serialization;

namespace ErTraining.Training;

/// <summary>
/// <see cref="Tf32"/> as config.json has it: a word. Runs of version 0.1.0 have true or false there, and TF32 everywhere or nowhere.
/// </summary>
internal sealed class Tf32Format : JsonConverter<Tf32>
{
    private static readonly Tf32[] s_all = Enum.GetValues<Tf32>();

    /// <inheritdoc/>
    public override Tf32 Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? word = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return reader.TokenType switch
        {
            JsonTokenType.True => Tf32.Products,
            JsonTokenType.False => Tf32.None,
            _ when Array.Find(s_all, value => Word(value) == word) is var value && Word(value) == word => value,
            _ => throw new JsonException($"tf32 is '{word}'; one of {string.Join(", ", s_all.Select(Word))}, or true or false, is wanted."),
        };
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Tf32 value, JsonSerializerOptions options) => writer.WriteStringValue(Word(value));

    private static string Word(Tf32 value) => value.ToString().ToLowerInvariant();
}
