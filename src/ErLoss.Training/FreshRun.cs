using System.Text.Json;
using ErLoss.Training.Methods;
using ErLoss.Training.Settings;

namespace ErLoss.Training;

/// <summary>Puts the settings of a new run together: the defaults, over them a preset, over that a file, over that single words.</summary>
/// <remarks>A preset trains with the native loss, which it was published for, unless a file or a word says otherwise.</remarks>
internal static class FreshRun
{
    private const string Method = "method", Preset = "preset", Objective = "objective";

    /// <summary>The settings.</summary>
    /// <param name="registry">The kinds there are.</param>
    /// <param name="words">Settings by their words.</param>
    /// <param name="json">A whole or partial document, if there is one.</param>
    /// <exception cref="SettingsException">A setting is not sound, or there is no such preset.</exception>
    /// <exception cref="JsonException">The document is not an object in JSON.</exception>
    public static RunSettings Compose(Registry registry, IReadOnlyList<(string Word, string Value)> words, string? json = null)
    {
        RunSettings settings = new();
        string? methodOfFile = Member(json, $"{Method}.{Setting.NameMember}");
        string method = Last(words, Method) ?? methodOfFile ?? registry.Document.NameOf(settings.Method);
        string? preset = Last(words, Preset) ?? (method == (methodOfFile ?? method) ? Member(json, Preset) : null); // a file's preset is for the file's method
        if (preset is not null && registry.Methods.TryGetValue(method, out MethodSettings? defaults))
        {
            settings = registry.Document.With(settings, [(Method, method), (Objective, "native"), .. Words(registry, settings, method, defaults, preset), (Preset, preset)]);
        }
        if (json is not null)
        {
            settings = registry.Document.Read(settings, json);
        }
        return registry.Document.With(preset is null ? settings with { Preset = null } : settings, words);
    }

    /// <summary>The words of a method's preset.</summary>
    /// <exception cref="SettingsException">There is no such preset.</exception>
    private static IReadOnlyList<(string Word, string Value)> Words(Registry registry, RunSettings settings, string method, MethodSettings defaults, string preset) =>
        defaults.Presets.TryGetValue(preset, out Preset? published)
            ? published.Words
            : throw registry.Document.Find(settings, Preset).Error($"is '{preset}'; {method} has {(defaults.Presets.Count == 0 ? "none" : string.Join(", ", defaults.Presets.Keys))}.");

    private static string? Last(IEnumerable<(string Word, string Value)> words, string word) => words.LastOrDefault(given => given.Word == word).Value;

    private static string? Member(string? json, string path) =>
        json is not null && DocumentText.Members(json).FirstOrDefault(member => member.Path == path) is { Path: not null, Value: { ValueKind: JsonValueKind.String } value }
            ? value.GetString()
            : null;
}
