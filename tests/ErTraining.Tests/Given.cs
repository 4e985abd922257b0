using ErLoss.Training;

namespace ErTraining.Tests;

/// <summary>Settings from a line of words, as a preset has them: "method=dino epochs=2".</summary>
internal static class Given
{
    /// <summary>The settings; a word without a value is true.</summary>
    public static RunSettings Settings(string line) => Registry.Default.Document.With(new RunSettings(), Words(line));

    /// <summary>Settings of a method with prototypes, if it has some.</summary>
    public static RunSettings Settings(string line, int prototypes)
    {
        RunSettings settings = Settings(line);
        return Registry.Default.Document.HasMeaning(settings, "prototypes")
            ? Registry.Default.Document.With(settings, [("prototypes", $"{prototypes}")])
            : settings;
    }

    /// <summary>The words of a line.</summary>
    public static (string Word, string Value)[] Words(string line) =>
        [.. from word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries) let parts = word.Split('=', 2) select (parts[0], parts.Length == 2 ? parts[1] : "true")];
}
