namespace ErLoss.SelfSupervised.IO;

/// <summary>What a user is told: a line that can be read, whatever a spoilt file made a message quote.</summary>
internal static class OneLine
{
    private const int Longest = 1000, Head = 600, Tail = 300;

    /// <summary>The text without line ends; of a long one, its beginning and its end.</summary>
    public static string Format(string text) => (text.Length <= Longest ? text : $"{text.AsSpan(0, Head)} … {text.AsSpan(text.Length - Tail)}").ReplaceLineEndings(" ");
}
