using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ErLoss.Training.Settings;

/// <summary>A number within bounds, whole or real. Real ones are finite always.</summary>
internal sealed class NumberType(SettingAttribute bounds, bool isWhole) : SettingType
{
    private const string End = " is wanted";

    /// <inheritdoc/>
    public override string Wanted
    {
        get
        {
            string number = isWhole ? "a whole number" : "a number";
            string from = double.IsFinite(bounds.Least) ? $" from {Show(bounds.Least)}" : double.IsFinite(bounds.Above) ? $" above {Show(bounds.Above)}" : "";
            return bounds is { Above: 0, Most: double.PositiveInfinity } ? $"a positive {number["a ".Length..]}{End}"
                : double.IsFinite(bounds.Most) ? $"{number}{from} {(from.Length > 0 ? "" : "up ")}to {Show(bounds.Most)}{End}"
                : $"{number}{from}{(from.StartsWith(" from", StringComparison.Ordinal) ? " up" : "")}{End}";
        }
    }

    /// <inheritdoc/>
    public override string WantedFor(string text) => $"{NumberBounds.Named(Wanted[..^End.Length], text, isWhole)}{End}";

    /// <inheritdoc/>
    public override string Placeholder => isWhole ? "N" : "X";

    /// <inheritdoc/>
    public override string Quote(string value) => value;

    /// <inheritdoc/>
    public override bool TryParse(string text, out object? value)
    {
        value = isWhole
            ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole) ? whole : null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? real : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public override bool TryRead(JsonElement json, out object? value)
    {
        value = json.ValueKind != JsonValueKind.Number ? null
            : isWhole ? json.TryGetInt32(out int whole) ? whole : null
            : json.TryGetDouble(out double real) ? real : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public override bool Allows(object value)
    {
        double number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        return double.IsFinite(number) && number >= bounds.Least && number > bounds.Above && number <= bounds.Most;
    }

    /// <inheritdoc/>
    public override string Format(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    /// <inheritdoc/>
    public override JsonNode Write(object value) => isWhole ? JsonValue.Create((int)value) : JsonValue.Create((double)value);

    /// <inheritdoc/>
    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = isWhole ? "integer" : "number" };
        foreach ((string name, double bound) in new[] { ("minimum", bounds.Least), ("exclusiveMinimum", bounds.Above), ("maximum", bounds.Most) })
        {
            if (double.IsFinite(bound))
            {
                schema[name] = bound;
            }
        }
        return schema;
    }

    private static string Show(double bound) => Math.Abs(bound) is >= 1e5 or (> 0 and < 1e-3) ? bound.ToString("0.###e0") : bound.ToString(CultureInfo.InvariantCulture);
}

/// <summary>True or false.</summary>
internal sealed class FlagType : SettingType
{
    /// <inheritdoc/>
    public override string Wanted => "true or false is wanted";

    /// <inheritdoc/>
    public override string Placeholder => "true|false";

    /// <inheritdoc/>
    public override bool TryParse(string text, out object? value)
    {
        value = bool.TryParse(text, out bool flag) ? flag : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public override bool TryRead(JsonElement json, out object? value)
    {
        value = json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public override bool Allows(object value) => true;

    /// <inheritdoc/>
    public override string Format(object value) => (bool)value ? "true" : "false";

    /// <inheritdoc/>
    public override JsonNode Write(object value) => JsonValue.Create((bool)value);

    /// <inheritdoc/>
    public override JsonObject Schema() => new() { ["type"] = "boolean" };
}

/// <summary>Any text but an empty one.</summary>
internal sealed class TextType(string placeholder) : SettingType
{
    /// <inheritdoc/>
    public override string Wanted => $"{placeholder} is wanted";

    /// <inheritdoc/>
    public override string Placeholder => placeholder;

    /// <inheritdoc/>
    public override bool TryParse(string text, out object? value)
    {
        value = text;
        return true;
    }

    /// <inheritdoc/>
    public override bool TryRead(JsonElement json, out object? value)
    {
        value = json.ValueKind == JsonValueKind.String ? json.GetString() : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public override bool Allows(object value) => !string.IsNullOrWhiteSpace((string)value);

    /// <inheritdoc/>
    public override string Format(object value) => (string)value;

    /// <inheritdoc/>
    public override JsonNode Write(object value) => JsonValue.Create((string)value);

    /// <inheritdoc/>
    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = @"\S" };
}

/// <summary>One of some words, such as an enumeration's names in lower case.</summary>
internal class WordType(IReadOnlyDictionary<string, object> values) : SettingType
{
    /// <inheritdoc/>
    public override string Wanted => $"{(values.Count == 1 ? "only" : "one of")} {string.Join(", ", values.Keys)} is wanted";

    /// <inheritdoc/>
    public override string Placeholder => string.Join('|', values.Keys);

    /// <inheritdoc/>
    public override bool TryParse(string text, out object? value) => values.TryGetValue(text, out value);

    /// <inheritdoc/>
    public override bool TryRead(JsonElement json, out object? value)
    {
        value = null;
        return json.ValueKind == JsonValueKind.String && TryParse(json.GetString()!, out value);
    }

    /// <inheritdoc/>
    public override bool Allows(object value) => values.Values.Contains(value);

    /// <inheritdoc/>
    public override string Format(object value) => values.FirstOrDefault(word => Equals(word.Value, value)).Key ?? value.ToString()!;

    /// <inheritdoc/>
    public override JsonNode Write(object value) => JsonValue.Create(Format(value));

    /// <inheritdoc/>
    public override JsonObject Schema() => new() { ["enum"] = new JsonArray([.. values.Keys.Select(word => (JsonNode)word)]) };
}

/// <summary>Which of several kinds a section is; the value is the section's type.</summary>
internal sealed class KindType(IReadOnlyList<Kind> kinds) : WordType(kinds.ToDictionary(kind => kind.Name, kind => (object)kind.Type))
{
    /// <summary>The kinds, in the order they were registered.</summary>
    public IReadOnlyList<Kind> Kinds => kinds;
}
