namespace ErLoss.SelfSupervised.IO;

/// <summary>What a user is told: a line that can be read, whatever a spoilt file made a message quote.</summary>
internal static class OneLine
{
    private const int Longest = 1000, Head = 600, Tail = 300;

    /// <summary>The text without line ends and other control characters, which could move a terminal's cursor; of a long one, its beginning and its end.</summary>
    public static string Format(string text) => WithoutControls((text.Length <= Longest ? text : $"{text.AsSpan(0, Head)} … {text.AsSpan(text.Length - Tail)}").ReplaceLineEndings(" "));

    private static string WithoutControls(string text) => string.Create(text.Length, text, (line, from) =>
    {
        for (int i = 0; i < line.Length; i++)
        {
            line[i] = char.IsControl(from[i]) ? '\uFFFD' : from[i];
        }
    });
}
